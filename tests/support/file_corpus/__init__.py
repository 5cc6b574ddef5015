"""Files of many formats, each with the Content-Type headers that are right and wrong for it.

All are made here: by the libraries that write them, or of the bytes that a format's specification asks for at its
beginning, which is all that is looked at.
"""

from . import archives, data, documents, films, fonts, pictures, programs, sounds, texts
from .sample import Sample

GROUPS: dict[str, tuple[Sample, ...]] = {
    "pictures": pictures.SAMPLES,
    "sound": sounds.SAMPLES,
    "films": films.SAMPLES,
    "documents": documents.SAMPLES,
    "archives": archives.SAMPLES,
    "fonts": fonts.SAMPLES,
    "programs": programs.SAMPLES,
    "data": data.SAMPLES,
    "texts": texts.SAMPLES,
}
SAMPLES = tuple(sample for samples in GROUPS.values() for sample in samples)
