//! The model of names: hard links, renaming and removing.

use super::paths::SLASHED;
use super::table;
use super::tree::{Last, Node, Place, What};
use super::{Model, Trial, Wrong};
use crate::wasi::errno::{BUSY, EXIST, INVAL, ISDIR, NOENT, NOTCAPABLE, NOTDIR, NOTEMPTY, PERM, XDEV};

/// What stands for a directory itself, or the one above, has no name that could be taken.
const NAMELESS: &[u32] = &[XDEV, BUSY, INVAL, NOTEMPTY, EXIST, PERM, ISDIR, NOTDIR, NOTCAPABLE, NOENT];

impl Model {
    /// A name that is there: its directory, itself, and what it names.
    fn taken_name(&self, trial: &mut Trial<'_>, place: Option<&Place>) -> Option<(Node, String, Node)> {
        let place = place?;
        match (&place.name, place.node) {
            (Some(name), Some(node)) => Some((place.parent, name.clone(), node)),
            (Some(_), None) => {
                trial.refuse(&[NOENT]);
                None
            }
            (None, _) => {
                trial.refuse(NAMELESS);
                None
            }
        }
    }

    /// A name must not let more be done with a file than the one it had: rights shrink on their way, and never come back.
    fn check_widening(&self, trial: &mut Trial<'_>, old: u32, new: u32) {
        let passed_on = |fd| self.table.get(&fd).map(|descriptor| descriptor.inheriting);
        if let (Some(from), Some(to)) = (passed_on(old), passed_on(new)) {
            let wider = to & !from & table::FILE & !table::SET_FLAGS;
            trial.refuse_if(old != new && wider != 0, &[NOTCAPABLE]);
        }
    }

    pub(super) fn path_unlink_file(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, path) = (trial.seen.u32(0), (trial.seen.u32(1), trial.seen.u32(2)));
        let place = self.place(trial, fd, table::UNLINK, path, Last::Name);
        let found = self.taken_name(trial, place.as_ref());
        if let (Some(place), Some((_, _, node))) = (&place, &found) {
            trial.refuse_if(self.tree.is_directory(*node), &[ISDIR, PERM]);
            trial.refuse_if(place.slash, &[SLASHED, &[ISDIR]].concat());
        }
        if trial.ends(&[])?
            && let Some((parent, name, _)) = found
        {
            self.tree.detach(parent, &name);
        }
        Ok(())
    }

    pub(super) fn path_remove_directory(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, path) = (trial.seen.u32(0), (trial.seen.u32(1), trial.seen.u32(2)));
        let place = self.place(trial, fd, table::REMOVE_DIRECTORY, path, Last::Name);
        let found = self.taken_name(trial, place.as_ref());
        if let Some((_, _, node)) = found {
            match self.tree.entries(node) {
                Some(entries) => trial.refuse_if(!entries.is_empty(), &[NOTEMPTY, EXIST]),
                None => trial.refuse(&[NOTDIR]),
            }
        }
        if trial.ends(&[])?
            && let Some((parent, name, _)) = found
        {
            self.tree.detach(parent, &name);
        }
        Ok(())
    }

    pub(super) fn path_link(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (old, lookup, new) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(4));
        let from = (trial.seen.u32(2), trial.seen.u32(3));
        let to = (trial.seen.u32(5), trial.seen.u32(6));
        // We promise to refuse to follow; another implementation may.
        trial.refuse_if(lookup != 0, &[INVAL]);
        let source = self.place(trial, old, table::LINK_SOURCE, from, Last::Itself);
        let target = self.place(trial, new, table::LINK_TARGET, to, Last::Name);
        self.check_widening(trial, old, new);
        let found = self.taken_name(trial, source.as_ref());
        if let (Some(place), Some((_, _, node))) = (&source, &found) {
            let directory = self.tree.is_directory(*node);
            trial.refuse_if(directory, &[PERM]);
            trial.refuse_if(place.slash && !directory, &[NOTDIR]);
        }
        let vacant = self.vacant(trial, target, SLASHED);
        if trial.ends(&[])?
            && let (Some((_, _, node)), Some((parent, name))) = (found, vacant)
        {
            self.tree.attach(parent, &name, node);
        }
        Ok(())
    }

    pub(super) fn path_rename(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (old, new) = (trial.seen.u32(0), trial.seen.u32(3));
        let from = (trial.seen.u32(1), trial.seen.u32(2));
        let to = (trial.seen.u32(4), trial.seen.u32(5));
        let source = self.place(trial, old, table::RENAME_SOURCE, from, Last::Name);
        let target = self.place(trial, new, table::RENAME_TARGET, to, Last::Name);
        self.check_widening(trial, old, new);
        let found = self.taken_name(trial, source.as_ref());
        let mut goal = None;
        if let Some(place) = &target {
            match &place.name {
                Some(name) => goal = Some((place.parent, name.clone(), place.node)),
                None => trial.refuse(NAMELESS),
            }
            trial.refuse_if(self.tree.is_removed(place.parent), &[NOENT]);
        }
        if let (Some((_, _, moved)), Some((parent, _, replaced))) = (&found, &goal) {
            let slashes = [&source, &target].into_iter().flatten().any(|place| place.slash);
            self.renamable(trial, *moved, *parent, *replaced, slashes);
        }
        // Whether a path that ends like a directory's is one is asked before or after anything else.
        let ends =
            [from, to].map(|(at, len)| trial.text(at, len).is_some_and(|path| path.ends_with(['/', '.'])));
        if ends.contains(&true) && !trial.refusals.is_empty() {
            trial.refuse(&[NOTDIR, ISDIR, INVAL]);
            // The directory that such a path names may also be one that is not there.
            let link = found.as_ref().is_some_and(|&(_, _, moved)| self.tree.is_link(moved));
            let missing = goal.as_ref().is_some_and(|(_, _, replaced)| replaced.is_none());
            trial.refuse_if(link || missing, &[NOENT]);
        }
        if trial.ends(&[])?
            && let (Some((parent, name, moved)), Some((above, other, replaced))) = (found, goal)
            && replaced != Some(moved)
        {
            self.tree.detach(above, &other);
            self.tree.detach(parent, &name);
            self.tree.attach(above, &other, moved);
        }
        Ok(())
    }

    fn renamable(
        &self,
        trial: &mut Trial<'_>,
        moved: Node,
        parent: Node,
        replaced: Option<Node>,
        slashes: bool,
    ) {
        let directory = self.tree.is_directory(moved);
        trial.refuse_if(slashes && !directory, &[NOTDIR, ISDIR]);
        if replaced == Some(moved) {
            return;
        }
        trial.refuse_if(directory && self.tree.is_below(parent, moved), &[INVAL]);
        let Some(replaced) = replaced else { return };
        match (directory, self.tree.what(replaced)) {
            (true, What::Directory(entries)) => trial.refuse_if(!entries.is_empty(), &[NOTEMPTY, EXIST]),
            (true, _) => trial.refuse(&[NOTDIR]),
            (false, What::Directory(entries)) => {
                trial.refuse(&[ISDIR, EXIST]);
                trial.refuse_if(!entries.is_empty(), &[NOTEMPTY]);
            }
            (false, _) => {}
        }
        // Something that the moved one is in cannot be replaced by it.
        trial.refuse_if(self.tree.is_below(moved, replaced), &[NOTEMPTY, EXIST]);
    }
}
