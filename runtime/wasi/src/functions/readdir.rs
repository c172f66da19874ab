//! `fd_readdir`: the entries of a directory, in pieces of the guest's size.

use crate::call::{Call, Outcome};
use crate::descriptor::{Directory, FileType, Kind, Listing};
use crate::errno::Errno;
use crate::fault::{Fault, planted};
use crate::layout::dirent;
use crate::memory::Buffer;
use crate::rights::Rights;
use rustix::fs::DirEntry;

pub(crate) fn fd_readdir(
    call: &mut Call<'_>,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> Outcome {
    let used = call.memory.place(used)?;
    let buffer = call.memory.buffer(buffer, len)?;
    let cookie = cookie - u64::from(planted(Fault::CookieMiscounted) && cookie > 1);
    let descriptor = call.ctx.table.get_mut(fd)?;
    descriptor.directory(Rights::FD_READDIR)?;
    let Kind::Directory(directory) = &mut descriptor.kind else { return Err(Errno::Notdir.into()) };
    let own_inode = rustix::fs::fstat(&directory.dir)?.st_ino;
    let listing = seek(directory, cookie)?;
    // A cookie may lie behind the end, or behind what has been seen: entries on the way there are not the guest's.
    while listing.position < cookie {
        call.wait.check()?;
        if next(listing)?.is_none() {
            call.memory.fill(used, 0_u32.to_le_bytes());
            return Ok(());
        }
    }
    let mut written = 0;
    while written < buffer.len {
        call.wait.check()?;
        let Some(entry) = next(listing)? else { break };
        let name = entry.file_name().to_bytes();
        // The number of the directory above is not given: above a preopened one, it is the host's.
        let inode = if name == b".." { own_inode } else { entry.ino() };
        let name_len = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let record = dirent(listing.position, inode, name_len, FileType::from(entry.file_type()));
        for part in [&record[..], name] {
            let rest = Buffer { at: buffer.at + written, len: buffer.len - written };
            call.memory.copy_in(rest, part);
            written += part.len().min(rest.len);
        }
    }
    call.memory.fill(used, u32::try_from(written).unwrap_or(u32::MAX).to_le_bytes());
    Ok(())
}

/// The listing, at the position of the cookie if that has been seen, or at its end.
fn seek(directory: &mut Directory, cookie: u64) -> Outcome<&mut Listing> {
    // A listing from the start sees what has been added since.
    if cookie == 0 || directory.listing.is_none() {
        let entries = rustix::fs::Dir::read_from(&directory.dir)?;
        directory.listing = Some(Listing { entries, position: 0, offsets: Vec::new() });
    }
    let listing = directory.listing.as_mut().ok_or(Errno::Io)?;
    if cookie != listing.position {
        let known = listing.offsets.len() as u64;
        let position = cookie.min(known);
        if position != listing.position {
            match usize::try_from(position).ok().and_then(|position| position.checked_sub(1)) {
                Some(index) => listing.entries.seek(listing.offsets[index])?,
                None => listing.entries.rewind(),
            }
            listing.position = position;
        }
    }
    Ok(listing)
}

/// The next entry whose name a guest can use.
fn next(listing: &mut Listing) -> Outcome<Option<DirEntry>> {
    while let Some(entry) = listing.entries.read() {
        let entry = entry?;
        if std::str::from_utf8(entry.file_name().to_bytes()).is_err() {
            continue;
        }
        if listing.position == listing.offsets.len() as u64 {
            listing.offsets.push(entry.offset());
        }
        listing.position += 1;
        return Ok(Some(entry));
    }
    Ok(None)
}
