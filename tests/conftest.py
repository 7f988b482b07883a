"""What holds for all tests."""

import signal

from hypothesis import settings

# A busy machine is no reason for a property test to fail.
settings.register_profile("rollviz", deadline=None)
settings.load_profile("rollviz")


def pytest_configure(config):
    """Ctrl-C works in what tests start, though a script that runs in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
