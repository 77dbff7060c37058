"""Scores files on the workers of Dask: `python dask_files.py --logits 'preds/*.npy' --targets 'masks/*.npy'`.

A task makes the accumulator of some files; accumulators can be pickled, and `sum` adds them. The hash that is printed is the same for any number
of workers, and that of `exactloss.mpi` and of one process. For a cluster give its address to `Client`.
"""

from dask.distributed import Client

from exactloss import Loss, files


def of_files(loss, pairs):
    """The sums of some files."""
    sums = loss.accumulator()
    for pair in pairs:
        files.add(sums, pair)
    return sums


def main():
    options = files.arguments("dask_files.py", "Scores files on the workers of Dask.").parse_args()
    loss = Loss(options.loss, classes=options.classes, per_image=options.per_image, ignore_index=options.ignore)
    pairs = files.paired(options.logits, options.targets)
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        parts = client.map(lambda some: of_files(loss, some), [pairs[n::4] for n in range(4)])
        total = client.submit(sum, parts).result()
    print(f"{options.loss} = {total.value!r}\nstate {total.state_hash()}")


if __name__ == "__main__":
    main()
