from struct import pack

from .sample import Sample

MZ = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0" + bytes(40) + pack("<I", 128)
EXE = MZ.ljust(128, b"\0") + b"PE\0\0\x64\x86" + bytes(200)

SAMPLES = (
    Sample(
        "a.exe",
        EXE,
        "application/vnd.microsoft.portable-executable application/x-msdownload application/x-dosexec"
        " application/x-msdos-program application/exe",
    ),
    Sample(
        "dos.exe",
        b"MZ\x20\0\x02\0\x01\0\x20\0" + bytes(200),
        "application/vnd.microsoft.portable-executable application/x-dosexec",
    ),
    Sample(
        "elf",
        b"\x7fELF\x02\x01\x01" + bytes(80),
        "application/x-elf",
        "application/x-executable application/x-sharedlib application/x-object",
    ),
    Sample(
        "a.appimage", b"\x7fELF\x02\x01\x01\0AI\x02" + bytes(80), "application/vnd.appimage", shows="application/x-elf"
    ),
    Sample(
        "macho", b"\xcf\xfa\xed\xfe\x07\0\0\x01" + bytes(80), "application/x-mach-binary", "application/x-executable"
    ),
    Sample("universal", b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(80), "application/x-mach-binary"),
    Sample(
        "A.class",
        b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(80),
        "application/java-vm application/java application/x-java-class",
    ),
    Sample("a.dex", b"dex\n035\0" + bytes(80), "application/vnd.android.dex"),
    Sample("a.wasm", b"\0asm\x01\0\0\0" + bytes(20), "application/wasm"),
    Sample("a.luac", b"\x1bLua\x54\0" + bytes(80), "application/x-lua-bytecode"),
    Sample("a.bc", b"BC\xc0\xde\x35\x14\0\0" + bytes(80), "application/x-llvm"),
    Sample("a.nes", b"NES\x1a\x02\x01" + bytes(80), "application/x-nes-rom application/x-nesrom"),
    Sample("a.lnk", b"L\0\0\0\x01\x14\x02\0" + bytes(80), "application/x-ms-shortcut"),
    Sample("a.jks", b"\xfe\xed\xfe\xed\0\0\0\x02" + bytes(80), "application/x-java-keystore"),
)
