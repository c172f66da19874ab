//! The cache on a disk of its own: what is found again, what is refused, and what goes when there is no room.

use super::*;
use crate::{Config, Engine, Module};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn directory(&self) -> PathBuf {
        self.0.path().join("deep").join("modules")
    }

    fn cache(&self, size: u64) -> Cache {
        let mut config = CacheConfig::new();
        config.with_directory(self.directory()).with_files_total_size_limit(size);
        Cache::new(config).unwrap()
    }

    /// The entries with their sizes.
    fn entries(&self) -> Vec<(PathBuf, u64)> {
        let files = fs::read_dir(self.directory()).unwrap().map(|file| file.unwrap().path());
        let entries = files.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
        let mut entries: Vec<_> =
            entries.map(|path| (path.clone(), fs::metadata(&path).unwrap().len())).collect();
        entries.sort();
        entries
    }

    fn entry(&self) -> PathBuf {
        let entries = self.entries();
        assert_eq!(entries.len(), 1);
        entries[0].0.clone()
    }
}

/// Makes a module that answers `number` with a cache; whether its code was found.
fn found(cache: &Cache, number: i32) -> bool {
    found_with(Config::new().cache(Some(cache.clone())), cache, number)
}

fn found_with(config: &Config, cache: &Cache, number: i32) -> bool {
    let (hits, misses) = (cache.cache_hits(), cache.cache_misses());
    let engine = Engine::new(config).unwrap();
    let text = format!("(module (func (export \"f\") (result i32) (i32.const {number})))");
    let module = Module::new(&engine, text).unwrap();
    let mut store = crate::Store::new(&engine, ());
    let instance = crate::Instance::new(&mut store, &module, &[]).unwrap();
    let answer = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap().call(&mut store, ()).unwrap();
    assert_eq!(answer, number);
    assert_eq!(cache.cache_hits() + cache.cache_misses(), hits + misses + 1);
    cache.cache_hits() > hits
}

#[test]
fn code_is_found_by_content_and_settings() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    assert!(!found(&cache, 1) && found(&cache, 1) && !found(&cache, 2) && found(&cache, 2));
    let mut other = Config::new();
    other.cache(Some(cache.clone())).consume_fuel(false).cranelift_opt_level(crate::OptLevel::None);
    assert!(!found_with(&other, &cache, 1) && found_with(&other, &cache, 1));
    let again = place.cache(1 << 20);
    assert!(found(&again, 1), "as another process would");
    assert_eq!(place.entries().len(), 3);
}

#[test]
fn the_folder_is_its_owners_alone() {
    let place = Place::new();
    found(&place.cache(1 << 20), 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.directory()), mode(&place.entry())), (0o700, 0o600));
}

#[test]
fn a_folder_or_entry_that_others_can_write_to_is_not_used() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    found(&cache, 1);
    fs::set_permissions(place.entry(), Permissions::from_mode(0o620)).unwrap();
    assert!(!found(&cache, 1));
    assert!(found(&cache, 1), "it was replaced");
    fs::set_permissions(place.directory(), Permissions::from_mode(0o770)).unwrap();
    assert!(!found(&cache, 1) && !found(&cache, 1));
}

#[test]
fn an_entry_that_is_a_link_is_not_used() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    found(&cache, 1);
    let (entry, elsewhere) = (place.entry(), place.0.path().join("elsewhere"));
    fs::rename(&entry, &elsewhere).unwrap();
    symlink(&elsewhere, &entry).unwrap();
    assert!(!found(&cache, 1));
    assert!(!entry.is_symlink() && elsewhere.is_file(), "the link was replaced, and not followed");
}

#[test]
fn damaged_entries_are_replaced() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    found(&cache, 1);
    let entry = place.entry();
    let whole = fs::read(&entry).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() / 2], b"", b"not at all"] {
        fs::write(&entry, damaged).unwrap();
        assert!(!found(&cache, 1));
        assert_eq!(fs::read(&entry).unwrap(), whole);
        assert!(found(&cache, 1));
    }
}

#[test]
fn an_entry_under_the_name_of_another_is_not_taken_for_it() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    found(&cache, 1);
    let first = place.entry();
    found(&cache, 2);
    let second = place.entries().into_iter().map(|(path, _)| path).find(|path| *path != first).unwrap();
    fs::copy(&second, &first).unwrap();
    assert!(!found(&cache, 1));
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let place = Place::new();
    found(&place.cache(1 << 20), 1);
    let one = place.entries()[0].1;
    let cache = place.cache(3 * one);
    for number in [1, 2, 3] {
        found(&cache, number);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(found(&cache, 1), "now 2 is the one that was not used for longest");
    found(&cache, 4);
    let total: u64 = place.entries().iter().map(|(_, len)| len).sum();
    assert!(total <= 3 * one);
    assert!(found(&cache, 1) && found(&cache, 3) && found(&cache, 4) && !found(&cache, 2));
}

#[test]
fn what_is_larger_than_the_cache_is_not_kept() {
    let place = Place::new();
    let cache = place.cache(100);
    assert!(!found(&cache, 1) && !found(&cache, 1));
    assert!(!place.directory().exists());
}

#[test]
fn incomplete_files_go_when_they_are_old() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    found(&cache, 1);
    let [old, new, other] = ["part-1-x", "part-2-y", "other"].map(|name| place.directory().join(name));
    for path in [&old, &new, &other] {
        fs::write(path, "half").unwrap();
    }
    for path in [&old, &other] {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
    }
    found(&cache, 2);
    assert!(!old.exists() && new.exists() && other.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_no_error() {
    let place = Place::new();
    fs::write(place.0.path().join("deep"), "a file").unwrap();
    let cache = place.cache(1 << 20);
    assert!(!found(&cache, 1) && !found(&cache, 1));
}

#[test]
fn writers_take_turns_and_give_up_on_one_that_does_not_end() {
    let place = Place::new();
    let cache = place.cache(1 << 20);
    found(&cache, 1);
    let lock = File::options().write(true).open(place.directory().join("lock")).unwrap();
    lock.lock().unwrap();
    assert!(!found(&cache, 2));
    assert_eq!(fs::read_dir(place.directory()).unwrap().count(), 2, "the lock and one entry");
    lock.unlock().unwrap();
    assert!(!found(&cache, 2) && found(&cache, 2));
}
