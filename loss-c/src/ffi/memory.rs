//! From C's pointers to Rust's references and back. Every possible check of a pointer is here.

use core::mem::MaybeUninit;

use crate::status::LossStatus;

/// C's memory that holds a Rust value: a tag, then the value.
///
/// # Safety
/// `Self` has room and alignment for `Tagged<Self::Value>`, and no other object has the same tag.
pub(super) unsafe trait Storage {
    /// The type of the value.
    type Value;
    /// The mark in front of an initialised value.
    const TAG: u64;
}

/// The content of a [`Storage`].
#[repr(C)]
pub(super) struct Tagged<V> {
    tag: u64,
    value: V,
}

/// Declares a [`Storage`] as a number of 64-bit integers. The compiler checks that they are enough, and no more than this or another processor
/// needs.
macro_rules! storage {
    ($(#[$documentation:meta])* $name:ident: [i64; $length:literal] holds $value:ty) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug)]
        #[repr(C)]
        pub struct $name {
            opaque: [i64; $length],
        }

        impl $name {
            /// Memory that is not initialised.
            pub const ZERO: Self = Self { opaque: [0; $length] };
        }

        // SAFETY: `fits` has checked room and alignment. The tag is a hash of the name, which no other object has.
        unsafe impl $crate::ffi::memory::Storage for $name {
            type Value = $value;
            const TAG: u64 = $crate::ffi::memory::hash(stringify!($name));
        }
        const _: () = assert!($crate::ffi::memory::fits::<$name>());
    };
}
pub(super) use storage;

/// Whether `S` has room and alignment for its value, and little to spare; 32-bit processors may need less.
#[allow(dead_code, reason = "Rust 1.85 does not see the assertions that call it")]
pub(super) const fn fits<S: Storage>() -> bool {
    let (room, needed) = (size_of::<S>(), size_of::<Tagged<S::Value>>());
    align_of::<S>() >= align_of::<Tagged<S::Value>>() && room >= needed && room - needed <= SPARE
}

/// The spare bytes that other processors, with another `usize`, and other compilers may need.
const SPARE: usize = 16;

/// FNV-1a.
pub(super) const fn hash(text: &str) -> u64 {
    let mut bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        bytes = rest;
    }
    hash
}

/// Checks a pointer to `length` values, and returns the address past the last.
fn check<V>(pointer: *const V, length: usize) -> Result<usize, LossStatus> {
    if pointer.is_null() {
        return Err(LossStatus::NullPointer);
    }
    if !pointer.is_aligned() {
        return Err(LossStatus::Misaligned);
    }
    // The requirements of `core::slice::from_raw_parts`: at most isize::MAX bytes, and no wrapping around the end of memory.
    let bytes = length.checked_mul(size_of::<V>()).filter(|&bytes| bytes <= isize::MAX as usize);
    bytes.and_then(|bytes| pointer.addr().checked_add(bytes)).ok_or(LossStatus::Length)
}

/// Checks two ranges of memory, and that they have no byte in common. An empty range is not checked.
pub(super) fn check_disjoint<A, B>(
    a: *const A,
    a_length: usize,
    b: *const B,
    b_length: usize,
) -> Result<(), LossStatus> {
    if a_length == 0 || b_length == 0 {
        return Ok(());
    }
    let (a_end, b_end) = (check(a, a_length)?, check(b, b_length)?);
    if a.addr() < b_end && b.addr() < a_end { Err(LossStatus::Overlap) } else { Ok(()) }
}

/// The value of an object.
///
/// # Safety
/// A pointer that is not NULL points to readable memory of `S`, which does not change while the reference lives. If the memory has the tag, it also
/// has a value that [`make`] wrote.
pub(super) unsafe fn value<'a, S: Storage>(storage: *const S) -> Result<&'a S::Value, LossStatus> {
    check(storage, 1)?;
    let tagged = storage.cast::<Tagged<S::Value>>();
    // SAFETY: `check` has found the pointer aligned and not NULL, and `Storage` guarantees the room. Any bits are a valid u64.
    if unsafe { (&raw const (*tagged).tag).read() } != S::TAG {
        return Err(LossStatus::NotInitialised);
    }
    // SAFETY: as above; the tag is there, so a value is there.
    Ok(unsafe { &(*tagged).value })
}

/// The value of an object, mutably.
///
/// # Safety
/// That of [`value`]. The memory is also writable, and nothing else reads it while the reference lives.
pub(super) unsafe fn value_mut<'a, S: Storage>(storage: *mut S) -> Result<&'a mut S::Value, LossStatus> {
    // SAFETY: the caller guarantees more than `value` requires; the reference is dropped at once.
    unsafe { value(storage.cast_const()) }?;
    // SAFETY: `value` has checked pointer and tag, and the caller guarantees that there is no other reference.
    Ok(unsafe { &mut (*storage.cast::<Tagged<S::Value>>()).value })
}

/// The value of an object mutably, and that of another to read.
///
/// # Safety
/// That of [`value_mut`] and [`value`]; the function checks that the two do not overlap.
pub(super) unsafe fn value_mut_and_other<'a, S: Storage, O: Storage>(
    storage: *mut S,
    other: *const O,
) -> Result<(&'a mut S::Value, &'a O::Value), LossStatus> {
    check_disjoint(storage, 1, other, 1)?;
    // SAFETY: the caller fulfils what `value_mut` and `value` require; the two do not overlap.
    Ok(unsafe { (value_mut(storage)?, value(other)?) })
}

/// An object to read, and a place for the result.
///
/// # Safety
/// That of [`value`]. A pointer `to` that is not NULL points to writable memory of `V`, which nothing else reads or changes while the reference
/// lives. The function checks that the two do not overlap.
pub(super) unsafe fn value_and_output<'a, S: Storage, V>(
    storage: *const S,
    to: *mut V,
) -> Result<(&'a S::Value, &'a mut MaybeUninit<V>), LossStatus> {
    check_disjoint(storage, 1, to, 1)?;
    // SAFETY: the caller fulfils what `value` requires. `check_disjoint` has found the other pointer aligned and not NULL, and that
    // the two do not overlap. The memory behind it need not hold a value.
    Ok(unsafe { (value(storage)?, &mut *to.cast::<MaybeUninit<V>>()) })
}

/// Writes a value into an object, initialised or not.
///
/// # Safety
/// A pointer that is not NULL points to writable memory of `S`, to which no reference lives once `value` has run.
pub(super) unsafe fn make<S: Storage>(
    storage: *mut S,
    value: impl FnOnce() -> Result<S::Value, LossStatus>,
) -> Result<(), LossStatus> {
    check(storage, 1)?;
    let tagged = Tagged { tag: S::TAG, value: value()? };
    // SAFETY: `check` has found the pointer aligned and not NULL, and `Storage` guarantees the room.
    unsafe { storage.cast::<Tagged<S::Value>>().write(tagged) };
    Ok(())
}

/// A type for which any bits are a valid value.
///
/// # Safety
/// Any bits are a valid value.
pub(super) unsafe trait AnyBits: Copy {}

// SAFETY: numbers, and structures of numbers.
unsafe impl AnyBits for f32 {}
// SAFETY: as above.
unsafe impl AnyBits for u8 {}
// SAFETY: as above.
unsafe impl AnyBits for i8 {}
// SAFETY: as above.
unsafe impl AnyBits for i64 {}
// SAFETY: as above.
unsafe impl AnyBits for super::LossTerm {}
// SAFETY: as above.
unsafe impl AnyBits for super::LossBceAndDiceParameters {}
// SAFETY: as above.
unsafe impl AnyBits for super::LossFocalAndTverskyParameters {}
// SAFETY: as above.
unsafe impl AnyBits for super::LossCeAndDiceParameters {}

/// Numbers to read; with length 0 the pointer may be anything.
///
/// # Safety
/// A pointer that is not NULL points to `length` readable values, which do not change while the slice lives.
pub(super) unsafe fn slice<'a, V: AnyBits>(pointer: *const V, length: usize) -> Result<&'a [V], LossStatus> {
    if length == 0 {
        return Ok(&[]);
    }
    check(pointer, length)?;
    // SAFETY: `check` has found the pointer aligned and not NULL and the length possible; the caller guarantees the rest.
    Ok(unsafe { core::slice::from_raw_parts(pointer, length) })
}

/// Numbers to write; with length 0 the pointer may be anything.
///
/// # Safety
/// A pointer that is not NULL points to `length` writable values, which nothing else reads or changes while the slice lives.
pub(super) unsafe fn slice_mut<'a, V: AnyBits>(pointer: *mut V, length: usize) -> Result<&'a mut [V], LossStatus> {
    if length == 0 {
        return Ok(&mut []);
    }
    check(pointer, length)?;
    // SAFETY: as in `slice`. The memory comes from C, where unwritten memory has some bits as well.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer, length) })
}

/// A structure of numbers.
///
/// # Safety
/// A pointer that is not NULL points to a readable `V`.
pub(super) unsafe fn input<V: AnyBits>(pointer: *const V) -> Result<V, LossStatus> {
    check(pointer, 1)?;
    // SAFETY: `check` has found the pointer aligned and not NULL.
    Ok(unsafe { pointer.read() })
}
