use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use zip::CompressionMethod;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::foreign::{Foreign, recognise_archive};
use super::header::{Header, NPY_MAGIC};
use super::{ArrayError, Result};

type Archive = ZipArchive<BufReader<File>>;

/// Where an archive holds an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    index: usize,
}

/// Finds a member by name, or the only one.
pub(super) fn find(file: &mut File, array: &str, wanted: Option<&str>) -> Result<Member> {
    let damaged = |reason: String| ArrayError::Archive { array: array.to_owned(), reason };
    check_directory(file).map_err(|error| damaged(error.to_string()))?;
    let copy = file.try_clone().map_err(|error| damaged(error.to_string()))?;
    let mut archive = open(copy, array)?;
    let several = || damaged("it has several members of the same name".to_owned());
    if archive.has_duplicate_names() {
        return Err(several());
    }
    let mut names = Vec::new();
    for name in archive.file_names() {
        names.push(name.map_err(|error| damaged(error.to_string()))?.into_owned());
    }
    let mut members = BTreeMap::new();
    for (index, file_name) in names.iter().enumerate() {
        let name = match array_name(file_name) {
            Some(name) => name,
            // Not every writer adds the extension, and NumPy goes by the content, too.
            None if begins_as_array(&mut archive, index) => file_name,
            None => continue,
        };
        if members.insert(name, index).is_some() {
            return Err(several());
        }
    }
    if members.is_empty()
        && let Some(Foreign { kind, remedy }) = recognise_archive(names.iter().map(String::as_str))
    {
        return Err(ArrayError::OtherFormat { array: array.to_owned(), kind, remedy });
    }
    let index = choose(&members, array, wanted)?;
    check_member(&archive, index, array)?;
    Ok(Member { index })
}

/// The name of the array in a member.
fn array_name(member: &str) -> Option<&str> {
    member.strip_suffix(".npy")
}

fn begins_as_array(archive: &mut Archive, index: usize) -> bool {
    let mut start = Vec::new();
    let read = archive.by_index(index).map(|member| member.take(NPY_MAGIC.len() as u64).read_to_end(&mut start));
    matches!(read, Ok(Ok(_))) && start == NPY_MAGIC
}

fn choose(members: &BTreeMap<&str, usize>, array: &str, wanted: Option<&str>) -> Result<usize> {
    let array = array.to_owned();
    let Some((first, only)) = members.first_key_value() else {
        return Err(ArrayError::NoMembers { array });
    };
    match wanted {
        None if members.len() == 1 => Ok(*only),
        None => Err(ArrayError::SeveralMembers { array, members: list(members), first: (*first).to_owned() }),
        // NumPy, too, takes the name with and without its extension.
        Some(name) => members
            .get(name)
            .or_else(|| members.get(array_name(name)?))
            .copied()
            .ok_or_else(|| ArrayError::NoSuchMember { array, member: name.to_owned(), members: list(members) }),
    }
}

fn list(members: &BTreeMap<&str, usize>) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = members.keys().take(MOST).map(|name| format!("{name:?}")).collect();
    if members.len() > MOST {
        names.push(format!("and {} more", members.len() - MOST));
    }
    names.join(", ")
}

/// Refuses what cannot be unpacked.
fn check_member(archive: &Archive, index: usize, array: &str) -> Result<()> {
    let damaged = |reason: String| ArrayError::Archive { array: array.to_owned(), reason };
    let entry = archive.by_index_data(index).map_err(|error| damaged(error.to_string()))?;
    if entry.encrypted() {
        return Err(damaged(ENCRYPTED.to_owned()));
    }
    let method = match entry.compression() {
        CompressionMethod::Stored | CompressionMethod::Deflated => return Ok(()),
        CompressionMethod::DEFLATE64 => "Deflate64".to_owned(),
        CompressionMethod::BZIP2 => "bzip2".to_owned(),
        CompressionMethod::LZMA => "LZMA".to_owned(),
        CompressionMethod::ZSTD => "Zstandard".to_owned(),
        CompressionMethod::XZ => "xz".to_owned(),
        CompressionMethod::AES => return Err(damaged(ENCRYPTED.to_owned())),
        other => format!("a method that is not known ({other})"),
    };
    Err(ArrayError::Compression { array: array.to_owned(), method })
}

const ENCRYPTED: &str = "the member is encrypted";

/// Reads the header of a member and checks its size.
pub(super) fn read_header(file: File, member: &Member, array: &str) -> Result<Header> {
    let mut archive = open(file, array)?;
    let mut member =
        open_member(&mut archive, member).map_err(|reason| ArrayError::Archive { array: array.to_owned(), reason })?;
    let bytes = member.size();
    Header::read(&mut member, bytes, array)
}

/// Streams the values of a member.
pub(super) fn stream(file: File, member: &Member, header: &Header, array: &str) -> Result<MemberStream> {
    let archive = open(file, array)?;
    let (member, skip) = (*member, header.data_start);
    let (sender, receiver) = sync_channel(BLOCKS_AHEAD);
    // An open member borrows its archive; a thread can own the two together.
    thread::Builder::new()
        .name("npz reader".to_owned())
        .spawn(move || send_blocks(archive, member, skip, &sender))
        .map_err(|error| ArrayError::io(array, "start a thread to read it", error))?;
    Ok(MemberStream { receiver, block: Vec::new(), taken: 0, ended: false })
}

const BLOCK_BYTES: usize = 1 << 18;
const BLOCKS_AHEAD: usize = 2;

type Block = io::Result<Vec<u8>>;

/// The receiving end of the thread that reads a member; an empty block is its end.
#[derive(Debug)]
pub(super) struct MemberStream {
    receiver: Receiver<Block>,
    block: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Read for MemberStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() && !self.ended {
            let stopped = |_| io::Error::other("the thread that reads the archive stopped");
            self.block = self.receiver.recv().map_err(stopped)??;
            self.taken = 0;
            self.ended = self.block.is_empty();
        }
        let rest = self.block.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

fn send_blocks(mut archive: Archive, member: Member, skip: u64, sender: &SyncSender<Block>) {
    let sent = open_member(&mut archive, &member)
        .map_err(io::Error::other)
        .and_then(|mut member| send_all(&mut member, skip, sender));
    if let Err(error) = sent {
        // Nobody listening any more is no reason to complain.
        let _ = sender.send(Err(error));
    }
}

fn send_all(member: &mut ZipFile<'_, BufReader<File>>, skip: u64, sender: &SyncSender<Block>) -> io::Result<()> {
    io::copy(&mut member.by_ref().take(skip), &mut io::sink())?;
    loop {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        member.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        let ended = block.is_empty();
        if sender.send(Ok(block)).is_err() || ended {
            return Ok(());
        }
    }
}

fn open(file: File, array: &str) -> Result<Archive> {
    ZipArchive::new(BufReader::new(file))
        .map_err(|error| ArrayError::Archive { array: array.to_owned(), reason: error.to_string() })
}

fn open_member<'a>(archive: &'a mut Archive, member: &Member) -> Result<ZipFile<'a, BufReader<File>>, String> {
    archive.by_index(member.index).map_err(|error| match error {
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ENCRYPTED.to_owned(),
        error => error.to_string(),
    })
}

/// Refuses a directory that lies, with a clearer message than the zip crate's, and before that crate reserves memory for
/// as many members as are claimed.
fn check_directory(file: &mut File) -> io::Result<()> {
    const END_BYTES: u64 = 22;
    const LOCATOR_BYTES: u64 = 20;
    const MEMBER_BYTES: u64 = 46;
    let damaged = |reason| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    let length = file.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(END_BYTES + u64::from(u16::MAX));
    file.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    file.by_ref().take(length - tail_start).read_to_end(&mut tail)?;
    let ends = tail.windows(END_BYTES as usize);
    let Some(end) = ends.rev().find(|end| end.starts_with(b"PK\x05\x06")) else {
        return damaged("the directory at its end is missing, as in a truncated file");
    };
    let comment = u64::from(u16::from_le_bytes([end[20], end[21]]));
    let Some(position) = length.checked_sub(END_BYTES + LOCATOR_BYTES + comment) else {
        return Ok(());
    };
    let locator: [u8; 16] = read_at(file, position)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(());
    }
    let directory: [u8; 40] = read_at(file, u64_at(&locator, 8))?;
    if !directory.starts_with(b"PK\x06\x06") {
        return damaged("its 64-bit directory is not where it should be");
    }
    if u64_at(&directory, 32) > length / MEMBER_BYTES {
        return damaged("its directory claims more members than the file can hold");
    }
    Ok(())
}

fn read_at<const N: usize>(file: &mut File, position: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(position))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn u64_at(bytes: &[u8], start: usize) -> u64 {
    bytes.get(start..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
