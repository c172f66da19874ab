//! The guest's descriptors, by number.

use crate::descriptor::{Descriptor, Directory, Socket};
use crate::errno::Errno;
use crate::fault::{Fault, planted};
use crate::rights::Rights;

/// The first number given to what is opened. The standard streams keep theirs: a file that took the number of a closed
/// standard output would receive whatever a library prints.
const FIRST: usize = 3;

/// Descriptors by number.
#[derive(Debug)]
pub(crate) struct Table {
    entries: Vec<Option<Descriptor>>,
    open: usize,
    limit: usize,
}

impl Table {
    pub(crate) fn new(limit: u32) -> Self {
        Self { entries: Vec::new(), open: 0, limit: limit as usize }
    }

    /// Adds at the end, for what is granted before the guest runs.
    pub(crate) fn push(&mut self, descriptor: Descriptor) {
        self.entries.push(Some(descriptor));
        self.open += 1;
    }

    /// Refuses when no descriptor is left.
    pub(crate) fn check_room(&self) -> Result<(), Errno> {
        if self.open < self.limit { Ok(()) } else { Err(Errno::Mfile) }
    }

    /// Gives the lowest free number.
    pub(crate) fn insert(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        self.check_room()?;
        while self.entries.len() < FIRST {
            self.entries.push(None);
        }
        let free = self.entries.iter().skip(FIRST).position(Option::is_none).map(|position| position + FIRST);
        let number = free.unwrap_or(self.entries.len());
        if number == self.entries.len() {
            self.entries.push(None);
        }
        self.entries[number] = Some(descriptor);
        self.open += 1;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.entries.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.entries.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::Badf)
    }

    /// A descriptor with these rights.
    pub(crate) fn with(&self, fd: u32, needed: Rights) -> Result<&Descriptor, Errno> {
        let descriptor = self.get(fd)?;
        descriptor.base.require(needed).map(|()| descriptor)
    }

    /// A directory with these rights.
    pub(crate) fn directory(&self, fd: u32, needed: Rights) -> Result<&Directory, Errno> {
        self.get(fd)?.directory(needed)
    }

    /// A socket with these rights.
    pub(crate) fn socket(&self, fd: u32, needed: Rights) -> Result<&Socket, Errno> {
        self.get(fd)?.socket(needed)
    }

    /// Takes a descriptor out.
    pub(crate) fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let removed = self.entries.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::Badf)?;
        self.open -= 1;
        Ok(removed)
    }

    /// Moves a descriptor to another number, whose own is closed. Both have to be open.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(from)?;
        if planted(Fault::RenumberUnopenedPanics) {
            assert!(self.get(to).is_ok(), "the number is open");
        }
        self.get(to)?;
        if from != to {
            let moved = self.remove(from)?;
            let replaced = std::mem::replace(self.get_mut(to)?, moved);
            if planted(Fault::RenumberLeaks) {
                std::mem::forget(replaced);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::descriptor::{Descriptor, Kind};
    use crate::errno::Errno;
    use crate::rights::Rights;

    fn null() -> Descriptor {
        let none = Rights::NONE;
        Descriptor { kind: Kind::Null, base: none, inheriting: none, withheld: none, flags: 0 }
    }

    #[test]
    fn numbers_are_given_lowest_first_and_never_those_of_standard_streams() {
        let mut table = Table::new(10);
        for _ in 0..3 {
            table.push(null());
        }
        assert_eq!((table.insert(null()), table.insert(null())), (Ok(3), Ok(4)));
        assert!(table.remove(1).is_ok() && table.remove(3).is_ok());
        assert_eq!((table.insert(null()), table.insert(null())), (Ok(3), Ok(5)));
    }

    #[test]
    fn the_limit_counts_what_is_open() {
        let mut table = Table::new(2);
        assert!(table.insert(null()).is_ok() && table.insert(null()).is_ok());
        assert_eq!(table.insert(null()), Err(Errno::Mfile));
        assert!(table.renumber(3, 4).is_ok());
        assert_eq!((table.insert(null()), table.insert(null())), (Ok(3), Err(Errno::Mfile)));
    }

    #[test]
    fn renumbering_takes_open_numbers_only() {
        let mut table = Table::new(8);
        assert_eq!(table.insert(null()), Ok(3));
        assert_eq!(table.renumber(3, 3), Ok(()));
        assert_eq!(table.renumber(3, 4), Err(Errno::Badf));
        assert_eq!(table.renumber(u32::MAX, 3), Err(Errno::Badf));
    }
}
