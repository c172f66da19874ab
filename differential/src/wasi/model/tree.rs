//! The model's tree: directories, files, links and FIFOs, and where a path leads in it.
//!
//! Nodes are never forgotten: what was removed may still be open. A path is followed from a directory that it never leaves.

use crate::wasi::case::{Entry, WasiCase};
use crate::wasi::errno::{LOOP, NAMETOOLONG, NOENT, NOTCAPABLE, NOTDIR, PERM};
use crate::wasi::world::{Contents, file_words, link_words, target_of};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

pub(super) type Node = usize;

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum What {
    Directory(BTreeMap<String, Node>),
    File(Vec<u8>),
    Link(String),
    Fifo,
}

#[derive(Clone, Debug)]
struct Slot {
    what: What,
    /// The directory in which a directory is.
    parent: Node,
    /// How many names it has.
    names: u64,
    /// Goes up whenever an entry of a directory changes.
    changes: u64,
    /// The names that entries of a directory had which were taken away.
    former: BTreeSet<String>,
    /// The time of modification, as far as a guest has set it last.
    modified: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Tree {
    slots: Vec<Slot>,
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The directory of the last name; of what has no name, itself.
    pub(super) parent: Node,
    /// The last name; none for `.`, `..` and what ends with them.
    pub(super) name: Option<String>,
    pub(super) node: Option<Node>,
    /// Whether the path says that it means a directory.
    pub(super) slash: bool,
}

/// What becomes of a link at the end of a path.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// It is meant itself, whatever the path says: names are made and removed.
    Name,
    /// It is meant itself, unless the path says that it means a directory.
    Itself,
    /// It is followed.
    Followed,
}

impl Last {
    /// By the flag of a lookup.
    pub(super) fn of(follow: bool) -> Self {
        if follow { Self::Followed } else { Self::Itself }
    }
}

/// The answers for paths that lead out.
const OUT: &[u32] = &[PERM, NOTCAPABLE];
const MAX_LINKS: u32 = 40;
/// So many are followed everywhere. A system may count a link twice, where it gives up a quick way through a path for a thorough
/// one, and so find too many before it finds what else is wrong.
pub(super) const SURE_LINKS: u32 = 8;
const MAX_NAME: usize = 255;

impl Tree {
    /// The tree of a case whose folder is `root`.
    pub(super) fn of(case: &WasiCase, root: &Path) -> Self {
        let mut tree = Self { slots: Vec::new() };
        tree.make(What::Directory(BTreeMap::new()), 0);
        for entry in &case.entries {
            let (above, name) = entry.path().rsplit_once('/').unwrap_or(("", entry.path()));
            let parent = tree.at(above).unwrap_or(0);
            let node = match entry {
                Entry::Directory { .. } => tree.make(What::Directory(BTreeMap::new()), parent),
                Entry::File { contents, .. } => tree.make(What::File(contents.clone().into_bytes()), parent),
                Entry::Link { target, .. } => tree.make(What::Link(target_of(root, target)), parent),
                Entry::HardLink { target, .. } => tree.at(target).unwrap_or(0),
                Entry::Fifo { .. } => tree.make(What::Fifo, parent),
            };
            tree.attach(parent, name, node);
        }
        tree
    }

    /// The node at a plain path from the root.
    pub(super) fn at(&self, path: &str) -> Option<Node> {
        let names = path.split('/').filter(|name| !name.is_empty());
        names.into_iter().try_fold(0, |node, name| self.entries(node)?.get(name).copied())
    }

    pub(super) fn make(&mut self, what: What, parent: Node) -> Node {
        self.slots.push(Slot { what, parent, names: 0, changes: 0, former: BTreeSet::new(), modified: None });
        self.slots.len() - 1
    }

    pub(super) fn what(&self, node: Node) -> &What {
        &self.slots[node].what
    }

    pub(super) fn entries(&self, node: Node) -> Option<&BTreeMap<String, Node>> {
        match &self.slots[node].what {
            What::Directory(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn is_link(&self, node: Node) -> bool {
        matches!(self.slots[node].what, What::Link(_))
    }

    pub(super) fn is_directory(&self, node: Node) -> bool {
        self.entries(node).is_some()
    }

    pub(super) fn file(&self, node: Node) -> Option<&Vec<u8>> {
        match &self.slots[node].what {
            What::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The contents of a file, to change.
    pub(super) fn file_mut(&mut self, node: Node) -> Option<&mut Vec<u8>> {
        self.slots[node].modified = None;
        match &mut self.slots[node].what {
            What::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn names(&self, node: Node) -> u64 {
        self.slots[node].names
    }

    pub(super) fn changes(&self, node: Node) -> u64 {
        self.slots[node].changes
    }

    pub(super) fn modified(&self, node: Node) -> Option<u64> {
        self.slots[node].modified
    }

    pub(super) fn set_modified(&mut self, node: Node, time: Option<u64>) {
        self.slots[node].modified = time;
    }

    /// Whether a directory has no name any more.
    pub(super) fn is_removed(&self, node: Node) -> bool {
        node != 0 && self.slots[node].names == 0
    }

    /// Whether `node` is `above`, or somewhere below it.
    pub(super) fn is_below(&self, mut node: Node, above: Node) -> bool {
        loop {
            if node == above {
                return true;
            }
            if node == 0 {
                return false;
            }
            node = self.slots[node].parent;
        }
    }

    /// Gives a node a name.
    pub(super) fn attach(&mut self, parent: Node, name: &str, node: Node) {
        self.slots[node].names += 1;
        if self.is_directory(node) {
            self.slots[node].parent = parent;
        }
        self.touch(parent);
        if let What::Directory(entries) = &mut self.slots[parent].what {
            entries.insert(name.to_owned(), node);
        }
    }

    /// Takes a name away.
    pub(super) fn detach(&mut self, parent: Node, name: &str) {
        self.touch(parent);
        if let What::Directory(entries) = &mut self.slots[parent].what
            && let Some(node) = entries.remove(name)
        {
            self.slots[node].names -= 1;
            self.slots[parent].former.insert(name.to_owned());
        }
    }

    /// Whether an entry of this name was taken away from a directory.
    pub(super) fn was_there(&self, directory: Node, name: &str) -> bool {
        self.slots[directory].former.contains(name)
    }

    fn touch(&mut self, directory: Node) {
        self.slots[directory].changes += 1;
        self.slots[directory].modified = None;
    }

    /// Follows a path from a directory, which it may not leave, and tells how many links were followed on the way.
    pub(super) fn walk(&self, root: Node, path: &str, last: Last) -> (Result<Place, &'static [u32]>, u32) {
        let mut links = 0;
        (self.walk_counting(root, path, last, &mut links), links)
    }

    fn walk_counting(
        &self,
        root: Node,
        path: &str,
        last: Last,
        links: &mut u32,
    ) -> Result<Place, &'static [u32]> {
        let mut ahead: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let mut directory = root;
        while let Some(name) = ahead.pop_front() {
            let rest_is_empty = ahead.iter().all(String::is_empty);
            let slash = rest_is_empty && !ahead.is_empty();
            match name.as_str() {
                "" | "." => continue,
                ".." if directory == root => return Err(OUT),
                ".." => {
                    directory = self.slots[directory].parent;
                    continue;
                }
                _ => {}
            }
            if name.len() > MAX_NAME {
                return Err(&[NAMETOOLONG]);
            }
            let node = self.entries(directory).and_then(|entries| entries.get(&name)).copied();
            let Some(node) = node else {
                if rest_is_empty {
                    return Ok(Place { parent: directory, name: Some(name), node, slash });
                }
                return Err(&[NOENT]);
            };
            match self.what(node) {
                What::Link(target)
                    if !rest_is_empty || last == Last::Followed || (slash && last == Last::Itself) =>
                {
                    *links += 1;
                    if *links > MAX_LINKS {
                        return Err(&[LOOP]);
                    }
                    if target.starts_with('/') {
                        return Err(OUT);
                    }
                    for part in target.split('/').rev() {
                        ahead.push_front(part.to_owned());
                    }
                }
                _ if rest_is_empty => {
                    return Ok(Place { parent: directory, name: Some(name), node: Some(node), slash });
                }
                What::Directory(_) => directory = node,
                _ => return Err(&[NOTDIR]),
            }
        }
        Ok(Place { parent: directory, name: None, node: Some(directory), slash: true })
    }

    /// What is in the tree, as [`crate::wasi::world::World::contents`] puts it down.
    pub(super) fn contents(&self) -> Contents {
        let mut contents = Contents::new();
        self.survey(0, "", &mut contents);
        contents
    }

    fn survey(&self, directory: Node, prefix: &str, contents: &mut Contents) {
        for (name, &node) in self.entries(directory).into_iter().flatten() {
            let name = format!("{prefix}{name}");
            let words = match self.what(node) {
                What::Directory(_) => {
                    self.survey(node, &format!("{name}/"), contents);
                    "directory".to_owned()
                }
                What::File(bytes) => file_words(bytes, self.names(node)),
                What::Link(target) => link_words(target),
                What::Fifo => "fifo".to_owned(),
            };
            contents.insert(name, words);
        }
    }
}
