//! The model of open files: reading, writing, positions, sizes, and descriptors as such.

use super::table::{self, Behind, Descriptor};
use super::tree::{Node, What};
use super::{BUFFERS, FILE_SIZE, Model, Trial, Wrong};
use crate::wasi::errno::{
    AGAIN, BADF, FBIG, INTERRUPTED, INVAL, ISDIR, NAMETOOLONG, NOTSUP, NXIO, OVERFLOW, PIPE, SPIPE,
};

/// Beyond this, what a file system takes differs.
const SURE: u64 = 1 << 40;
const APPEND: u64 = 1;
/// Flags that are decided when a file is opened.
const FIXED: u64 = 2 | 8 | 16;
const ALL_FLAGS: u64 = 31;

impl Model {
    pub(super) fn fd_close(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let fd = trial.seen.u32(0);
        self.descriptor(trial, fd);
        if trial.ends(&[])? {
            self.table.remove(&fd);
        }
        Ok(())
    }

    pub(super) fn fd_renumber(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (from, to) = (trial.seen.u32(0), trial.seen.u32(1));
        self.descriptor(trial, from);
        self.descriptor(trial, to);
        if trial.ends(&[])?
            && let Some(moved) = self.table.remove(&from)
        {
            self.table.insert(to, moved);
        }
        Ok(())
    }

    pub(super) fn fd_fdstat_get(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, at) = (trial.seen.u32(0), trial.seen.u32(1));
        trial.bytes(at, 24);
        let descriptor = self.descriptor(trial, fd).cloned();
        if trial.ends(&[])?
            && let Some(Descriptor { behind, base, inheriting, flags, .. }) = descriptor
        {
            let mut record = [0; 24];
            record[0] = self.filetype(&behind);
            record[2..4].copy_from_slice(&(flags as u16).to_le_bytes());
            record[8..16].copy_from_slice(&base.to_le_bytes());
            record[16..24].copy_from_slice(&inheriting.to_le_bytes());
            trial.put(at, &record);
        }
        Ok(())
    }

    fn filetype(&self, behind: &Behind) -> u8 {
        match behind {
            Behind::Input(_) | Behind::Output(_) => 0,
            Behind::Node(node, _) => self.node_type(*node),
            Behind::Socket(_) | Behind::Listener(_) => 6,
        }
    }

    pub(super) fn node_type(&self, node: Node) -> u8 {
        match self.tree.what(node) {
            What::Directory(_) => 3,
            What::File(_) => 4,
            What::Link(_) => 7,
            What::Fifo => 0,
        }
    }

    pub(super) fn fd_fdstat_set_flags(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, flags) = (trial.seen.u32(0), u64::from(trial.seen.u32(1)));
        trial.refuse_if(flags & !ALL_FLAGS != 0, &[INVAL]);
        if let Some(descriptor) = self.descriptor(trial, fd) {
            trial.need(descriptor.base, table::SET_FLAGS);
            trial.refuse_if((descriptor.flags ^ flags) & FIXED != 0, &[NOTSUP]);
        }
        if trial.ends(&[])?
            && let Some(descriptor) = self.table.get_mut(&fd)
        {
            descriptor.flags = flags;
        }
        Ok(())
    }

    pub(super) fn fd_fdstat_set_rights(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, base, inheriting) = (trial.seen.u32(0), trial.seen.u64(1), trial.seen.u64(2));
        if let Some(descriptor) = self.descriptor(trial, fd) {
            trial.need(descriptor.base, base);
            trial.need(descriptor.inheriting, inheriting);
        }
        if trial.ends(&[])?
            && let Some(descriptor) = self.table.get_mut(&fd)
        {
            (descriptor.base, descriptor.inheriting) = (base, inheriting);
        }
        Ok(())
    }

    pub(super) fn fd_prestat_get(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, at) = (trial.seen.u32(0), trial.seen.u32(1));
        trial.bytes(at, 8);
        let name = self.preopen(trial, fd);
        if trial.ends(&[])? {
            let len = name.map_or(0, |name| name.len() as u32).to_le_bytes();
            trial.put(at, &[[0; 4], len].concat());
        }
        Ok(())
    }

    pub(super) fn fd_prestat_dir_name(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, at, len) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        trial.bytes(at, len.into());
        let name = self.preopen(trial, fd).unwrap_or_default();
        trial.refuse_if(name.len() > len as usize, &[NAMETOOLONG]);
        if trial.ends(&[])? {
            trial.put(at, name.as_bytes());
        }
        Ok(())
    }

    fn preopen(&self, trial: &mut Trial<'_>, fd: u32) -> Option<String> {
        let name = self.descriptor(trial, fd)?.preopen.clone();
        trial.refuse_if(name.is_none(), &[BADF]);
        name
    }

    /// The regular file behind a descriptor with this right, for functions that only files have.
    fn regular(&self, trial: &mut Trial<'_>, fd: u32, needed: u64) -> Option<Node> {
        let descriptor = self.descriptor(trial, fd)?;
        trial.need(descriptor.base, needed);
        let Some(node) = descriptor.node() else {
            trial.refuse(&[SPIPE, BADF]);
            return None;
        };
        match self.tree.what(node) {
            What::File(_) => Some(node),
            What::Directory(_) => {
                trial.refuse(&[BADF, ISDIR]);
                None
            }
            _ => {
                trial.refuse(&[SPIPE, INVAL]);
                None
            }
        }
    }

    pub(super) fn fd_advise(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, offset, len, advice) =
            (trial.seen.u32(0), trial.seen.u64(1), trial.seen.u64(2), trial.seen.u32(3));
        self.regular(trial, fd, table::ADVISE);
        trial.refuse_if(advice > 5 || negative(offset) || negative(len), &[INVAL]);
        trial.ends(&[]).map(drop)
    }

    pub(super) fn fd_allocate(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, offset, len) = (trial.seen.u32(0), trial.seen.u64(1), trial.seen.u64(2));
        let node = self.regular(trial, fd, table::ALLOCATE);
        let end = offset.checked_add(len);
        trial.refuse_if(end.is_none_or(|end| end > FILE_SIZE), &[FBIG, INVAL]);
        trial.refuse_if(len == 0, &[INVAL]);
        if trial.ends(&[])?
            && let (Some(file), Some(end)) = (node.and_then(|node| self.tree.file_mut(node)), end)
        {
            file.resize(file.len().max(end as usize), 0);
        }
        Ok(())
    }

    pub(super) fn fd_filestat_set_size(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, size) = (trial.seen.u32(0), trial.seen.u64(1));
        let node = self.regular(trial, fd, table::SET_SIZE);
        trial.refuse_if(size > FILE_SIZE, &[FBIG, INVAL]);
        if trial.ends(&[])?
            && let Some(file) = node.and_then(|node| self.tree.file_mut(node))
        {
            file.resize(size as usize, 0);
        }
        Ok(())
    }

    pub(super) fn fd_sync(&mut self, trial: &mut Trial<'_>, needed: u64) -> Result<(), Wrong> {
        let fd = trial.seen.u32(0);
        if let Some(descriptor) = self.descriptor(trial, fd) {
            trial.need(descriptor.base, needed);
            let fifo = descriptor.node().is_some_and(|node| matches!(self.tree.what(node), What::Fifo));
            trial.refuse_if(fifo, &[INVAL]);
        }
        trial.ends(&[]).map(drop)
    }

    pub(super) fn fd_tell(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, at) = (trial.seen.u32(0), trial.seen.u32(1));
        trial.bytes(at, 8);
        self.regular(trial, fd, table::TELL);
        if trial.ends(&[])? {
            let position = self.position(fd);
            trial.put(at, &position.to_le_bytes());
        }
        Ok(())
    }

    fn position(&self, fd: u32) -> u64 {
        match self.table.get(&fd).map(|descriptor| &descriptor.behind) {
            Some(&Behind::Node(_, position)) => position,
            _ => 0,
        }
    }

    fn set_position(&mut self, fd: u32, to: u64) {
        if let Some(Descriptor { behind: Behind::Node(_, position), .. }) = self.table.get_mut(&fd) {
            *position = to;
        }
    }

    pub(super) fn fd_seek(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, offset, whence, at) =
            (trial.seen.u32(0), trial.seen.u64(1).cast_signed(), trial.seen.u32(2), trial.seen.u32(3));
        trial.bytes(at, 8);
        let asks = offset == 0 && whence == 1;
        let node = self.regular(trial, fd, if asks { table::TELL } else { table::SEEK });
        let origin = match whence {
            0 => 0,
            1 => self.position(fd),
            _ => node.and_then(|node| self.tree.file(node)).map_or(0, |file| file.len() as u64),
        };
        trial.refuse_if(whence > 2, &[INVAL]);
        let target = i128::from(origin) + i128::from(offset);
        trial.refuse_if(target < 0 || target > i128::from(i64::MAX), &[INVAL, OVERFLOW]);
        let target = u64::try_from(target).unwrap_or(0);
        let may: &[u32] = if target > SURE { &[INVAL, OVERFLOW] } else { &[] };
        if trial.ends(may)? {
            self.set_position(fd, target);
            trial.put(at, &target.to_le_bytes());
        }
        Ok(())
    }

    /// A list of buffers that all lie in memory: where, and how long.
    pub(super) fn buffers(trial: &mut Trial<'_>, list: u32, count: u32) -> Vec<(u32, u32)> {
        trial.refuse_if(count > BUFFERS, &[INVAL]);
        let Some(records) = trial.bytes(list, u64::from(count) * 8) else { return Vec::new() };
        let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let buffers: Vec<_> =
            records.chunks_exact(8).map(|record| (word(record), word(&record[4..]))).collect();
        let total: u64 = buffers.iter().map(|&(_, len)| u64::from(len)).sum();
        trial.refuse_if(u32::try_from(total).is_err(), &[INVAL]);
        for &(at, len) in &buffers {
            trial.bytes(at, len.into());
        }
        buffers
    }

    /// Puts bytes into buffers, one after the other, and how many at `at`.
    pub(super) fn scatter(trial: &mut Trial<'_>, buffers: &[(u32, u32)], mut bytes: &[u8], at: u32) -> usize {
        let mut done = 0;
        for &(start, len) in buffers {
            let (piece, rest) = bytes.split_at(bytes.len().min(len as usize));
            trial.put(start, piece);
            done += piece.len();
            bytes = rest;
        }
        trial.put(at, &(done as u32).to_le_bytes());
        done
    }

    pub(super) fn read(&mut self, trial: &mut Trial<'_>, positioned: bool) -> Result<(), Wrong> {
        let (fd, list, count) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        let offset = positioned.then(|| trial.seen.u64(3));
        let at = trial.seen.u32(if positioned { 4 } else { 3 });
        trial.bytes(at, 4);
        let buffers = Self::buffers(trial, list, count);
        let nothing = buffers.iter().all(|&(_, len)| len == 0);
        // Where nothing is to be read, nobody has to ask whether it could be.
        let behind = self.transferred(trial, fd, table::READ, offset, !nothing);
        let mut may: Vec<u32> = Vec::new();
        let position = match behind {
            Some(Behind::Node(_, position)) => position,
            _ => 0,
        };
        if offset.unwrap_or(position) > SURE {
            may.extend([INVAL, OVERFLOW]);
        }
        if let Some(Behind::Node(node, _)) = behind
            && matches!(self.tree.what(node), What::Fifo)
        {
            may.extend([AGAIN, INTERRUPTED, SPIPE, INVAL]);
        }
        if !trial.ends(&may)? {
            return Ok(());
        }
        match behind {
            Some(Behind::Node(node, position)) => {
                let from = offset.unwrap_or(position);
                let file = self.tree.file(node).map_or(&[][..], Vec::as_slice);
                let bytes =
                    usize::try_from(from).ok().and_then(|from| file.get(from..)).unwrap_or(&[]).to_vec();
                let done = Self::scatter(trial, &buffers, &bytes, at);
                if offset.is_none() {
                    self.set_position(fd, position + done as u64);
                }
            }
            Some(Behind::Input(bytes) | Behind::Socket(bytes)) => {
                let done = Self::scatter(trial, &buffers, &bytes, at);
                self.taken(fd, done);
            }
            _ => {}
        }
        Ok(())
    }

    /// So many bytes were taken out of a stream.
    pub(super) fn taken(&mut self, fd: u32, count: usize) {
        if let Some(Behind::Input(bytes) | Behind::Socket(bytes)) =
            self.table.get_mut(&fd).map(|descriptor| &mut descriptor.behind)
        {
            bytes.drain(..count.min(bytes.len()));
        }
    }

    /// What is behind a descriptor that is read or written.
    fn transferred(
        &self,
        trial: &mut Trial<'_>,
        fd: u32,
        needed: u64,
        offset: Option<u64>,
        moves: bool,
    ) -> Option<Behind> {
        let descriptor = self.descriptor(trial, fd)?;
        let behind = descriptor.behind.clone();
        match &behind {
            Behind::Node(node, _) if self.tree.is_directory(*node) => trial.refuse(&[ISDIR, BADF]),
            Behind::Node(node, _) => {
                let pipe = matches!(self.tree.what(*node), What::Fifo);
                trial.refuse_if(pipe && moves && offset.is_some(), &[SPIPE]);
                trial.refuse_if(offset.is_some_and(negative), &[INVAL]);
                if offset.is_some() {
                    trial.need(descriptor.base, table::SEEK);
                }
            }
            _ => trial.refuse_if(offset.is_some(), &[SPIPE]),
        }
        trial.need(descriptor.base, needed);
        Some(behind)
    }

    pub(super) fn write(&mut self, trial: &mut Trial<'_>, positioned: bool) -> Result<(), Wrong> {
        let (fd, list, count) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        let offset = positioned.then(|| trial.seen.u64(3));
        let at = trial.seen.u32(if positioned { 4 } else { 3 });
        trial.bytes(at, 4);
        let buffers = Self::buffers(trial, list, count);
        let bytes: Vec<u8> = buffers
            .iter()
            .filter_map(|&(at, len)| trial.seen.before.get(at as usize..at as usize + len as usize))
            .flatten()
            .copied()
            .collect();
        let appends = self.table.get(&fd).is_some_and(|descriptor| descriptor.flags & APPEND != 0);
        let behind = self.transferred(trial, fd, table::WRITE, offset, true);
        let mut may: Vec<u32> = Vec::new();
        let mut start = None;
        match &behind {
            Some(Behind::Node(node, position)) => match self.tree.what(*node) {
                What::File(file) => {
                    let from = if appends { file.len() as u64 } else { offset.unwrap_or(*position) };
                    trial.refuse_if(from >= FILE_SIZE && !bytes.is_empty(), &[FBIG]);
                    if offset.is_some_and(|offset| offset > SURE) || from > SURE {
                        may.extend([INVAL, FBIG]);
                    }
                    start = Some((*node, from));
                }
                What::Fifo => may.extend([AGAIN, PIPE, INTERRUPTED, NXIO, BADF]),
                _ => {}
            },
            Some(Behind::Output(left)) => trial.refuse_if(*left == 0 && !bytes.is_empty(), &[PIPE]),
            Some(Behind::Socket(_)) => may.extend([AGAIN, PIPE, INTERRUPTED]),
            _ => {}
        }
        if !trial.ends(&may)? {
            return Ok(());
        }
        // How much a pipe takes at once is its own.
        let unknown = start.is_none() && !matches!(behind, Some(Behind::Output(_)));
        let done = match behind {
            Some(Behind::Output(left)) => {
                let done = left.min(bytes.len());
                if let Some(descriptor) = self.table.get_mut(&fd) {
                    descriptor.behind = Behind::Output(left - done);
                }
                done
            }
            Some(Behind::Node(..)) => match start {
                Some((node, from)) => {
                    let room = usize::try_from(FILE_SIZE.saturating_sub(from)).unwrap_or(0);
                    let done = bytes.len().min(room);
                    self.put_into(node, from as usize, &bytes[..done]);
                    if offset.is_none() {
                        self.set_position(fd, from + done as u64);
                    }
                    done
                }
                None => 0,
            },
            _ => 0,
        };
        trial.put(at, &(done as u32).to_le_bytes());
        if unknown {
            trial.leave_open(at, 4);
        }
        Ok(())
    }

    fn put_into(&mut self, node: Node, from: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(file) = self.tree.file_mut(node) {
            file.resize(file.len().max(from + bytes.len()), 0);
            file[from..from + bytes.len()].copy_from_slice(bytes);
        }
    }

    pub(super) fn fd_filestat_get(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, at) = (trial.seen.u32(0), trial.seen.u32(1));
        trial.bytes(at, 64);
        let descriptor = self.descriptor(trial, fd).cloned();
        if let Some(descriptor) = &descriptor {
            trial.need(descriptor.base, table::STAT);
        }
        if !trial.ends(&[])? {
            return Ok(());
        }
        match descriptor.map(|descriptor| descriptor.behind) {
            Some(Behind::Node(node, _)) => self.put_stat(trial, at, node),
            Some(stream) => {
                let mut record = [0; 64];
                record[16] = self.filetype(&stream);
                record[24] = 1;
                trial.put(at, &record);
            }
            None => {}
        }
        Ok(())
    }

    /// What is known of a node, as far as every host says the same.
    pub(super) fn put_stat(&self, trial: &mut Trial<'_>, at: u32, node: Node) {
        let mut record = [0; 64];
        record[16] = self.node_type(node);
        record[24..32].copy_from_slice(&self.tree.names(node).to_le_bytes());
        let size = match self.tree.what(node) {
            What::File(bytes) => bytes.len(),
            What::Link(target) => target.len(),
            _ => 0,
        };
        record[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        if let Some(modified) = self.tree.modified(node) {
            record[48..56].copy_from_slice(&modified.to_le_bytes());
        }
        trial.put(at, &record);
        trial.ignore(at, 16);
        if self.tree.is_directory(node) {
            // How many names a directory has, and how large it is, is the file system's own.
            trial.ignore(at + 24, 16);
        }
        trial.ignore(at + 40, 8);
        if self.tree.modified(node).is_none() {
            trial.ignore(at + 48, 8);
        }
        trial.ignore(at + 56, 8);
    }

    pub(super) fn fd_filestat_set_times(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, modified, flags) = (trial.seen.u32(0), trial.seen.u64(2), trial.seen.u32(3));
        trial.refuse_if(contradictory(flags), &[INVAL]);
        let mut node = None;
        if let Some(descriptor) = self.descriptor(trial, fd) {
            trial.need(descriptor.base, table::SET_TIMES);
            node = descriptor.node();
            trial.refuse_if(node.is_none(), &[INVAL, BADF]);
        }
        if trial.ends(&[])?
            && let Some(node) = node
        {
            self.set_times(node, modified, flags);
        }
        Ok(())
    }

    pub(super) fn set_times(&mut self, node: Node, modified: u64, flags: u32) {
        // Far from today, what a file system keeps differs.
        let sure = modified < 2_000_000_000 * 1_000_000_000;
        match flags & 12 {
            4 => self.tree.set_modified(node, sure.then_some(modified)),
            8 => self.tree.set_modified(node, None),
            _ => {}
        }
    }
}

/// Whether flags of times ask for what cannot be.
pub(super) fn contradictory(flags: u32) -> bool {
    flags & !15 != 0 || flags & 3 == 3 || flags & 12 == 12
}

fn negative(value: u64) -> bool {
    i64::try_from(value).is_err()
}
