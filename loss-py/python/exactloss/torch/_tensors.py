"""Tensors as arrays, without a copy where they are on the CPU and contiguous."""

import numpy as np
import torch

from .. import Bfloat16

LOGITS = (torch.float32, torch.float16, torch.bfloat16)


def check(name, tensor):
    """Refuses what is no tensor in the CPU's memory."""
    if isinstance(tensor, torch.Tensor) and tensor.is_cpu and tensor.layout is torch.strided:
        return
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(tensor).__name__}: torch.as_tensor({name}) makes one")
    if tensor.device.type != "cpu":
        raise ValueError(f"{name} are on {tensor.device}; these losses run on the CPU: call {name}.cpu()")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name} have the layout {tensor.layout}: call {name}.to_dense()")


def check_logits(tensor):
    check("logits", tensor)
    if tensor.dtype not in LOGITS:
        remedy = "call logits.float()" if tensor.dtype == torch.float64 else "perhaps logits and targets are the wrong way round"
        raise TypeError(f"logits are {tensor.dtype}; they must be float32, float16 or bfloat16: {remedy}")


def array(tensor):
    """The numbers of a tensor, in C order. What gradient there is of them is not followed."""
    if tensor.requires_grad:
        tensor = tensor.detach()
    if not tensor.is_contiguous() or tensor.is_neg():
        tensor = tensor.resolve_neg().contiguous()
    if tensor.dtype == torch.bfloat16:
        return Bfloat16(tensor.view(torch.int16).numpy().view(np.uint16))
    return tensor.numpy()


def targets_array(tensor):
    """Targets of 16 bits are exact as float32."""
    if tensor.dtype in (torch.float16, torch.bfloat16):
        tensor = tensor.float()
    if tensor.dtype == torch.float64:
        raise TypeError("targets are torch.float64; they must be bool, whole numbers or float32: call targets.float()")
    return array(tensor)


def room(tensor):
    """A tensor of float32 of the same shape, in C order, for what is written."""
    if tensor.is_contiguous() and tensor.dtype == torch.float32:
        return torch.empty_like(tensor)
    return torch.empty(tensor.shape, dtype=torch.float32)


def scalar(value):
    """A number as a tensor of float32."""
    return torch.scalar_tensor(value, dtype=torch.float32)


def optional(name, tensor):
    if tensor is None:
        return None
    check(name, tensor)
    return array(tensor)
