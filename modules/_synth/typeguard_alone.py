"""typeguard without `unittest.mock`, which imports asyncio: a tenth of the time that `import sluice` takes.

typeguard accepts mocks as any type. It still does: whoever has a mock has imported `unittest.mock`.
"""

import importlib
import sys
import types

MOCKS = "unittest.mock"


class _AnyMock(type):
    def __instancecheck__(cls, value: object) -> bool:
        mocks = sys.modules.get(MOCKS)
        return mocks is not None and isinstance(value, mocks.Mock)


class Mock(metaclass=_AnyMock):
    """`unittest.mock.Mock` to `isinstance`, before and after that is imported."""


def install() -> None:
    """Import typeguard. Changes nothing where it or `unittest.mock` has been imported before."""
    if MOCKS in sys.modules or "typeguard" in sys.modules:
        return
    stand_in = types.ModuleType(MOCKS)
    vars(stand_in)["Mock"] = Mock
    sys.modules[MOCKS] = stand_in
    try:
        importlib.import_module("typeguard")
    except Exception:  # noqa: BLE001 - it needs more of mocks than the known versions, which fails in any way
        # The ordinary import follows, and raises what is not about mocks.
        for name in [name for name in sys.modules if name.partition(".")[0] == "typeguard"]:
            del sys.modules[name]
    finally:
        del sys.modules[MOCKS]
