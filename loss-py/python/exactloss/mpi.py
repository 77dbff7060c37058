"""Scores files on all processes of MPI: `mpirun -n 4 python -m exactloss.mpi score --logits 'preds/*.npy' --targets 'masks/*.npy'`.

Each process reads every n-th pair of files. The sums are integers, so MPI adds them as they are, and the loss is that of one process, to the
bit: the hash of the state that is printed is the same for any number of processes. Needs mpi4py.
"""

import sys

import numpy as np

from . import Loss, files


def score(options):
    """The accumulator of all files; the same on each process.

    Raises
    ------
    ValueError
        On each process, with the first error that any of them met.
    """
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    sums, error = None, None
    try:
        sums = Loss(options.loss, classes=options.classes, per_image=options.per_image, ignore_index=options.ignore).accumulator()
        pairs = files.paired(options.logits, options.targets)
        state = sums.state()
        for pair in pairs[world.rank :: world.size]:
            files.add(sums, pair)
        state = sums.state()
    except ValueError as wrong:
        error = str(wrong)
    # Before anybody waits for sums that do not come.
    errors = [error for error in world.allgather(error) if error]
    if errors:
        raise ValueError(errors[0])
    total = np.empty_like(state)
    world.Allreduce(state, total, op=MPI.SUM)
    sums.load_state(total)
    return sums


def main():
    """The command line."""
    if sys.argv[1:2] != ["score"]:
        sys.exit("usage: mpirun -n 4 python -m exactloss.mpi score --logits PATTERN --targets PATTERN [--loss EXPRESSION]")
    options = files.arguments("exactloss.mpi score", "Scores files on all processes of MPI.").parse_args(sys.argv[2:])
    from mpi4py import MPI

    is_first = MPI.COMM_WORLD.rank == 0
    try:
        sums = score(options)
        if is_first:
            print(f"{options.loss} = {sums.value!r}\nstate {sums.state_hash()}")
    except ValueError as error:
        sys.exit(f"error: {error}" if is_first else 2)


if __name__ == "__main__":
    main()
