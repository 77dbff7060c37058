"""The command line: `exactloss score`, `exactloss inspect`, `exactloss losses`; also `python -m exactloss`."""

import os
import signal
import sys


def main():
    """Runs the command line with the arguments of this process, and ends the process with its exit code."""
    try:
        from ._native import _command_line
    except ImportError:
        sys.exit("this build of exactloss is without the command line")
    # Python would note the signal, and look at it when the command is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    name = os.path.basename(sys.argv[0])
    sys.exit(_command_line(["exactloss" if name == "__main__.py" else name, *sys.argv[1:]]))


if __name__ == "__main__":
    main()
