//! The model of paths: opening, looking, and making directories and links.

use super::files::contradictory;
use super::table::{self, Behind, Descriptor};
use super::tree::{Last, Node, Place, SURE_LINKS, What};
use super::{Model, Trial, Wrong};
use crate::wasi::errno::{
    BUSY, EXIST, INVAL, ISDIR, LOOP, NAMETOOLONG, NOENT, NOTCAPABLE, NOTDIR, NOTEMPTY, NXIO, PERM,
};

/// A link's text may be so long everywhere.
const SURE_TEXT: usize = 1023;

const CREAT: u32 = 1;
const DIRECTORY: u32 = 2;
const EXCL: u32 = 4;
const TRUNC: u32 = 8;

/// What a slash behind a name is answered with that is not to name a directory: the name may be followed for that, or not.
pub(super) const SLASHED: &[u32] = &[NOENT, NOTDIR, EXIST, INVAL, PERM, NOTCAPABLE, LOOP];

impl Model {
    /// Where a path leads from a descriptor that has to have these rights.
    pub(super) fn place(
        &self,
        trial: &mut Trial<'_>,
        fd: u32,
        needed: u64,
        (at, len): (u32, u32),
        last: Last,
    ) -> Option<Place> {
        let path = trial.path(at, len);
        let root = self.directory(trial, fd, needed)?;
        let path = path.filter(|path| !path.is_empty() && !path.starts_with('/') && !path.contains('\0'))?;
        let (place, links) = self.tree.walk(root, path, last);
        if links > SURE_LINKS {
            trial.may.push(LOOP);
        }
        place.map_err(|errnos| trial.refuse(errnos)).ok()
    }

    /// The node that a path names and that has to be there.
    fn named(&self, trial: &mut Trial<'_>, place: Option<Place>) -> Option<Node> {
        let place = place?;
        match place.node {
            Some(node) => {
                trial.refuse_if(place.slash && !self.tree.is_directory(node), &[NOTDIR]);
                Some(node)
            }
            None => {
                trial.refuse(&[NOENT]);
                None
            }
        }
    }

    /// The directory and the name for something new. `slash` is what a slash at the end is answered with.
    pub(super) fn vacant(
        &self,
        trial: &mut Trial<'_>,
        place: Option<Place>,
        slash: &[u32],
    ) -> Option<(Node, String)> {
        let place = place?;
        let Some(name) = place.name else {
            trial.refuse(&[EXIST, INVAL, BUSY, NOTEMPTY, NOENT, PERM, ISDIR, NOTDIR]);
            return None;
        };
        trial.refuse_if(place.node.is_some(), &[EXIST]);
        trial.refuse_if(place.slash && (place.node.is_some() || !slash.is_empty()), slash);
        trial.refuse_if(self.tree.is_removed(place.parent), &[NOENT]);
        Some((place.parent, name))
    }

    pub(super) fn path_create_directory(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, path) = (trial.seen.u32(0), (trial.seen.u32(1), trial.seen.u32(2)));
        // A link at the end is something that exists, whatever the path says.
        let place = self.place(trial, fd, table::CREATE_DIRECTORY, path, Last::Name);
        let vacant = self.vacant(trial, place, &[]);
        if trial.ends(&[])?
            && let Some((parent, name)) = vacant
        {
            let node = self.tree.make(What::Directory(Default::default()), parent);
            self.tree.attach(parent, &name, node);
        }
        Ok(())
    }

    pub(super) fn path_symlink(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (text, fd) = ((trial.seen.u32(0), trial.seen.u32(1)), trial.seen.u32(2));
        let path = (trial.seen.u32(3), trial.seen.u32(4));
        let text = trial.text(text.0, text.1).map(str::to_owned);
        let place = self.place(trial, fd, table::SYMLINK, path, Last::Name);
        let vacant = self.vacant(trial, place, SLASHED);
        // A link that could lead nowhere but out may be refused.
        let absolute = text.as_ref().is_some_and(|text| text.starts_with('/'));
        let mut may = if absolute { vec![PERM, NOTCAPABLE] } else { Vec::new() };
        // The longest text that a file system takes is its own.
        if text.as_ref().is_some_and(|text| text.len() > SURE_TEXT) {
            may.push(NAMETOOLONG);
        }
        if trial.ends(&may)?
            && let (Some((parent, name)), Some(text)) = (vacant, text)
        {
            let node = self.tree.make(What::Link(text), parent);
            self.tree.attach(parent, &name, node);
        }
        Ok(())
    }

    pub(super) fn path_readlink(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, path) = (trial.seen.u32(0), (trial.seen.u32(1), trial.seen.u32(2)));
        let (at, len, used) = (trial.seen.u32(3), trial.seen.u32(4), trial.seen.u32(5));
        trial.bytes(used, 4);
        trial.bytes(at, len.into());
        let place = self.place(trial, fd, table::READLINK, path, Last::Itself);
        let slash = place.as_ref().is_some_and(|place| place.slash);
        let node = self.named(trial, place);
        let target = match node.map(|node| self.tree.what(node)) {
            Some(What::Link(target)) => Some(target.clone()),
            Some(_) => {
                trial.refuse(&[INVAL]);
                None
            }
            None => None,
        };
        trial.refuse_if(slash, &[INVAL, NOTDIR, NOENT]);
        let absolute = target.as_ref().is_some_and(|target| target.starts_with('/'));
        let may: &[u32] = if absolute { &[PERM, NOTCAPABLE] } else { &[] };
        if trial.ends(may)?
            && let Some(target) = target
        {
            let bytes = &target.as_bytes()[..target.len().min(len as usize)];
            trial.put(at, bytes);
            trial.put(used, &(bytes.len() as u32).to_le_bytes());
        }
        Ok(())
    }

    pub(super) fn path_filestat_get(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, lookup) = (trial.seen.u32(0), trial.seen.u32(1));
        let (path, at) = ((trial.seen.u32(2), trial.seen.u32(3)), trial.seen.u32(4));
        trial.bytes(at, 64);
        trial.refuse_if(lookup > 1, &[INVAL]);
        let place = self.place(trial, fd, table::PATH_STAT, path, Last::of(lookup & 1 != 0));
        let node = self.named(trial, place);
        if trial.ends(&[])?
            && let Some(node) = node
        {
            self.put_stat(trial, at, node);
        }
        Ok(())
    }

    pub(super) fn path_filestat_set_times(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, lookup) = (trial.seen.u32(0), trial.seen.u32(1));
        let path = (trial.seen.u32(2), trial.seen.u32(3));
        let (modified, flags) = (trial.seen.u64(5), trial.seen.u32(6));
        trial.refuse_if(lookup > 1 || contradictory(flags), &[INVAL]);
        let place = self.place(trial, fd, table::PATH_SET_TIMES, path, Last::of(lookup & 1 != 0));
        let node = self.named(trial, place);
        if trial.ends(&[])?
            && let Some(node) = node
        {
            self.set_times(node, modified, flags);
        }
        Ok(())
    }

    pub(super) fn path_open(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, lookup) = (trial.seen.u32(0), trial.seen.u32(1));
        let (path, oflags) = ((trial.seen.u32(2), trial.seen.u32(3)), trial.seen.u32(4));
        let (base, inheriting) = (trial.seen.u64(5), trial.seen.u64(6));
        let (flags, at) = (trial.seen.u32(7), trial.seen.u32(8));
        let has = |flag| oflags & flag != 0;
        trial.bytes(at, 4);
        trial.refuse_if(lookup > 1 || oflags > 15 || flags > 31, &[INVAL]);
        let needed = table::OPEN
            | if has(CREAT) { table::CREATE_FILE } else { 0 }
            | if has(TRUNC) { table::PATH_SET_SIZE } else { 0 };
        let follow = lookup & 1 != 0 && !(has(CREAT) && has(EXCL));
        let place = self.place(trial, fd, needed, path, Last::of(follow));
        let passed_on = self.table.get(&fd).map_or(0, |parent| parent.inheriting);
        let beyond = base & !passed_on;
        if self.table.contains_key(&fd) {
            trial.refuse_if(beyond & table::DECIDING != 0, &[NOTCAPABLE]);
        }
        let writes = base & passed_on & table::WRITE != 0 || has(TRUNC);
        trial.refuse_if(has(CREAT) && has(DIRECTORY), &[INVAL]);
        trial.refuse_if(has(DIRECTORY) && writes, &[ISDIR, INVAL, NOTDIR]);
        let slashed = trial.text(path.0, path.1).is_some_and(|path| path.ends_with('/'));
        trial.refuse_if(has(CREAT) && has(EXCL) && slashed, &[INVAL, ISDIR, EXIST]);
        self.check_room(trial);
        let mut may = Vec::new();
        if beyond != 0 {
            may.push(NOTCAPABLE);
        }
        self.openable(trial, place.as_ref(), oflags, writes, &mut may);
        if has(CREAT) && slashed && !trial.refusals.is_empty() {
            trial.refuse(&[INVAL, ISDIR, NOTDIR, NOENT]);
        }
        if !trial.ends(&may)? {
            return Ok(());
        }
        let Some(Place { parent, name, node, .. }) = place else { return Ok(()) };
        let node = match (node, name) {
            (Some(node), _) => node,
            (None, Some(name)) => {
                let node = self.tree.make(What::File(Vec::new()), parent);
                self.tree.attach(parent, &name, node);
                node
            }
            (None, None) => return Ok(()),
        };
        if has(TRUNC)
            && let Some(file) = self.tree.file_mut(node)
        {
            file.clear();
        }
        let directory = self.tree.is_directory(node);
        let (mask, passes) =
            if directory { (table::DIRECTORY, u64::MAX) } else { (table::FILE, table::FILE) };
        let (base, inheriting) = (base & passed_on & mask, inheriting & passed_on & passes);
        let mut descriptor = Descriptor::new(Behind::Node(node, 0), base, inheriting);
        descriptor.flags = flags.into();
        self.opened(trial, at, descriptor)
    }

    /// What stands against opening a place.
    fn openable(
        &self,
        trial: &mut Trial<'_>,
        place: Option<&Place>,
        oflags: u32,
        writes: bool,
        may: &mut Vec<u32>,
    ) {
        let Some(place) = place else { return };
        let has = |flag| oflags & flag != 0;
        let Some(node) = place.node else {
            trial.refuse_if(!has(CREAT), &[NOENT]);
            trial.refuse_if(place.slash, &[NOENT, ISDIR, NOTDIR, INVAL]);
            trial.refuse_if(self.tree.is_removed(place.parent), &[NOENT]);
            return;
        };
        trial.refuse_if(has(CREAT) && has(EXCL), &[EXIST]);
        match self.tree.what(node) {
            What::Directory(_) => {
                trial.refuse_if(writes, &[ISDIR]);
                if has(CREAT) {
                    may.push(ISDIR);
                }
            }
            What::Link(_) => trial.refuse(&[LOOP, NOTDIR]),
            What::File(_) => trial.refuse_if(has(DIRECTORY) || place.slash, &[NOTDIR]),
            What::Fifo => {
                trial.refuse_if(has(DIRECTORY) || place.slash, &[NOTDIR]);
                may.push(NXIO);
            }
        }
    }
}
