"""States that are added over the processes of a group."""

import numpy as np
import torch


def resolved(group):
    """The group of a name ("world" is all processes), or the group itself; None: there are no others."""
    if group is None:
        return None
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        raise RuntimeError("process_group needs torch.distributed.init_process_group before the first call")
    if group == "world":
        return distributed.group.WORLD
    if isinstance(group, str):
        return distributed.distributed_c10d._resolve_process_group(group)
    return group


def size(group):
    group = resolved(group)
    return 1 if group is None else torch.distributed.get_world_size(group)


def add_over(sums, group, failure):
    """Makes sums those of all processes of a group.

    A process whose batch was refused takes part, so that the others do not wait for it: then all of them raise.
    """
    group = resolved(group)
    if group is None:
        if failure is not None:
            raise failure
        return
    state = torch.from_numpy(np.append(sums.state(), np.int64(failure is not None)))
    backend = torch.distributed.get_backend(group)
    if backend == "nccl":
        # NCCL adds on devices alone: the few integers go there and come back.
        on_device = state.cuda()
        torch.distributed.all_reduce(on_device, group=group)
        state = on_device.cpu()
    else:
        torch.distributed.all_reduce(state, group=group)
    if failure is not None:
        raise failure
    if state[-1] != 0:
        raise RuntimeError(f"{int(state[-1])} other process(es) of the group refused their batch; their errors say why")
    sums.load_state(state[:-1].numpy())
