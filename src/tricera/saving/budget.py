"""How much a file may ask for: in proportion to what it stores, and never beyond a limit."""

from tricera import config

FREE = 1 << 26  # bytes that anything may ask for, however little it stores
RATIO = 100  # how many times what is stored may be asked for beyond that


def allowed(stored: int) -> int:
    """The bytes that something of `stored` bytes may take in memory: at least those; more, only below the limit."""
    return max(stored, min(FREE + RATIO * stored, config.load_limit()))
