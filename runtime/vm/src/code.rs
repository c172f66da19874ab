//! Code memory: one image for each module, written once and then executable for ever; and the registry that tells
//! which image an address belongs to.
//!
//! The registry is read by the signal handler, so reading it takes no lock: readers count themselves in, writers swap
//! the table and wait until the old one has no reader.
#![expect(unsafe_code, reason = "writes machine code and reads the registry without a lock")]

use crate::raise::Frame;
use crate::sys::{Mapping, reserve};
use assay_model::artifact::{CodeArtifact, CodeRange};
use assay_model::index::{DefinedFuncIdx, FuncIdx};
use assay_model::layout::AbiSig;
use assay_model::trap::TrapKind;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The executable form of a [`CodeArtifact`].
#[derive(Debug)]
pub struct CodeImage {
    map: Mapping,
    text_len: usize,
    /// The artifact without its text, which is in the mapping.
    tables: CodeArtifact,
    /// Functions by start of their code.
    by_start: Vec<(CodeRange, u32)>,
    imported_funcs: u32,
    token: u64,
}

/// Memory for the text of a [`CodeImage`], while it is still written.
#[derive(Debug)]
pub struct CodeBuffer {
    map: Mapping,
    len: usize,
}

impl CodeBuffer {
    /// Room for `len` bytes, all zero.
    ///
    /// # Errors
    /// When the system gives no memory.
    pub fn new(len: usize) -> std::io::Result<Self> {
        let map = reserve(len)?;
        map.open(0, map.len())?;
        Ok(Self { map, len })
    }

    /// The bytes.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the mapping has at least `len` bytes, is open, zero at first, and borrowed with `self`.
        unsafe { std::slice::from_raw_parts_mut(self.map.base(), self.len) }
    }
}

impl CodeImage {
    /// Places code in memory of its own and registers it. `token` names the module in backtraces, `imported_funcs` is
    /// the number of functions in front of the defined ones.
    ///
    /// # Errors
    /// When the system gives no memory, or the artifact's ranges do not fit its text.
    pub fn load(mut artifact: CodeArtifact, imported_funcs: u32, token: u64) -> std::io::Result<Arc<Self>> {
        let text = std::mem::take(&mut artifact.text);
        let mut buffer = CodeBuffer::new(text.len())?;
        buffer.bytes_mut().copy_from_slice(&text);
        Self::publish(buffer, artifact, imported_funcs, token)
    }

    /// The same for code that stands in its memory already; `tables` is an artifact without text.
    ///
    /// # Errors
    /// When the system refuses to make the memory executable, or the ranges do not fit the text.
    pub fn publish(
        buffer: CodeBuffer,
        tables: CodeArtifact,
        imported_funcs: u32,
        token: u64,
    ) -> std::io::Result<Arc<Self>> {
        let CodeBuffer { map, len: text_len } = buffer;
        check_ranges(&tables, text_len)?;
        map.make_executable(map.len())?;
        let mut by_start: Vec<(CodeRange, u32)> = tables.functions.iter().copied().zip(0..).collect();
        if !by_start.is_sorted_by_key(|(range, _)| range.start) {
            by_start.sort_by_key(|(range, _)| range.start);
        }
        let image = Arc::new(Self { map, text_len, tables, by_start, imported_funcs, token });
        register(&image);
        Ok(image)
    }

    /// The code, as it was compiled.
    pub fn text(&self) -> &[u8] {
        // SAFETY: the mapping holds `text_len` initialised bytes that never change (invariant 6).
        unsafe { std::slice::from_raw_parts(self.map.base(), self.text_len) }
    }

    /// Everything that is mapped for the code, with what stands behind it up to the end of the page.
    pub fn mapped(&self) -> &[u8] {
        // SAFETY: the whole mapping was opened and is readable ever since; it never changes (invariant 6).
        unsafe { std::slice::from_raw_parts(self.map.base(), self.map.len()) }
    }

    /// Writes to the last byte of the mapping, as nobody may: a planted fault.
    pub(crate) fn scribble(&self) {
        let (page, len) = (crate::sys::page_size(), self.map.len());
        if self.map.open(len - page, len).is_ok() {
            // SAFETY: the page was just opened. No code stands in its last byte but where it is full.
            unsafe { self.map.base().wrapping_add(len - 1).write_volatile(0xcc) };
            let closed = self.map.make_executable(len);
            debug_assert!(closed.is_ok(), "what was executable can be so again");
        }
    }

    /// What is known about the code: the artifact without its text.
    pub fn tables(&self) -> &CodeArtifact {
        &self.tables
    }

    fn address(&self, range: CodeRange) -> *const () {
        self.map.base().wrapping_add(range.start as usize).cast_const().cast()
    }

    /// The entry of a function.
    pub fn function(&self, func: DefinedFuncIdx) -> *const () {
        self.address(self.tables.functions[func.index()])
    }

    /// The entry trampoline for a shape.
    pub fn entry_trampoline(&self, shape: &AbiSig) -> Option<*const ()> {
        let found = self.tables.entry_trampolines.iter().find(|(known, _)| known == shape);
        found.map(|&(_, range)| self.address(range))
    }

    /// The exit trampolines.
    pub fn exit_trampolines(&self) -> impl Iterator<Item = (&AbiSig, *const ())> {
        self.tables.exit_trampolines.iter().map(|(shape, range)| (shape, self.address(*range)))
    }

    fn start(&self) -> usize {
        self.map.base() as usize
    }

    /// The frame of the code at `pc`, when it belongs to a function.
    fn frame(&self, pc: usize) -> Option<Frame> {
        let offset = u32::try_from(pc - self.start()).ok()?;
        let after = self.by_start.partition_point(|(range, _)| range.start <= offset);
        let (range, func) = self.by_start[after.checked_sub(1)?];
        let within = offset - range.start < range.len;
        within.then(|| Frame {
            module: self.token,
            func: FuncIdx(self.imported_funcs + func),
            offset: self.tables.wasm_offset(offset),
        })
    }
}

fn check_ranges(artifact: &CodeArtifact, text_len: usize) -> std::io::Result<()> {
    let trampolines =
        artifact.entry_trampolines.iter().chain(&artifact.exit_trampolines).map(|(_, range)| range);
    let len = text_len as u64;
    let fits = |range: &CodeRange| u64::from(range.start) + u64::from(range.len) <= len;
    if artifact.functions.iter().chain(trampolines).all(fits) && u32::try_from(len).is_ok() {
        Ok(())
    } else {
        Err(std::io::Error::other("the artifact's ranges do not fit its text"))
    }
}

impl Drop for CodeImage {
    fn drop(&mut self) {
        unregister(self.start());
    }
}

/// A row of the registry.
#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    image: *const CodeImage,
}

static TABLE: AtomicPtr<Vec<Entry>> = AtomicPtr::new(std::ptr::null_mut());
static READERS: AtomicUsize = AtomicUsize::new(0);
static WRITER: Mutex<()> = Mutex::new(());

fn register(image: &Arc<CodeImage>) {
    let start = image.start();
    let entry = Entry { start, end: start + image.map.len(), image: Arc::as_ptr(image) };
    update(|table| {
        let position = table.partition_point(|known| known.start < start);
        table.insert(position, entry);
    });
}

fn unregister(start: usize) {
    update(|table| table.retain(|known| known.start != start));
}

fn update(change: impl FnOnce(&mut Vec<Entry>)) {
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let old = TABLE.load(Ordering::SeqCst);
    // SAFETY: the table is null or a boxed vector that only a writer frees, and we are the writer.
    let mut table = unsafe { old.as_ref() }.cloned().unwrap_or_default();
    change(&mut table);
    TABLE.store(Box::into_raw(Box::new(table)), Ordering::SeqCst);
    while READERS.load(Ordering::SeqCst) != 0 {
        std::hint::spin_loop();
    }
    if !old.is_null() {
        // SAFETY: it came from `Box::into_raw`, is no longer in `TABLE`, and whoever read it has counted itself out.
        drop(unsafe { Box::from_raw(old) });
    }
}

/// Looks the image of `pc` up and hands it to `read`. Takes no lock and allocates nothing.
fn with_image<R>(pc: usize, read: impl FnOnce(&CodeImage) -> R) -> Option<R> {
    READERS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the table stays allocated while a reader is counted.
    let table = unsafe { TABLE.load(Ordering::SeqCst).as_ref() };
    let found = table.and_then(|table| {
        let after = table.partition_point(|entry| entry.start <= pc);
        let entry = table.get(after.checked_sub(1)?)?;
        (pc < entry.end).then_some(entry.image)
    });
    // SAFETY: an image unregisters itself before it is freed, and that waits for this reader.
    let result = found.map(|image| read(unsafe { &*image }));
    READERS.fetch_sub(1, Ordering::SeqCst);
    result
}

/// `None` when `pc` is not in compiled code; else the module, by its token, and the trap of the instruction at `pc`, if it
/// has one.
pub(crate) fn trap_at(pc: usize) -> Option<(u64, Option<TrapKind>)> {
    with_image(pc, |image| {
        let offset = u32::try_from(pc - image.start()).ok();
        (image.token, offset.and_then(|offset| image.tables.trap_at(offset)))
    })
}

/// The wasm frame of the code at `pc`; `None` for trampolines and for what is not compiled code.
pub(crate) fn frame_at(pc: usize) -> Option<Frame> {
    with_image(pc, |image| image.frame(pc)).flatten()
}

/// Shows the references in the frame whose call returns to `return_address`: size of the frame, and distance of each from
/// the stack pointer.
pub(crate) fn visit_stack_map(return_address: usize, mut visit: impl FnMut(u32, u32)) {
    with_image(return_address, |image| {
        let offset = u32::try_from(return_address - image.start()).ok();
        if let Some((frame_size, slots)) = offset.and_then(|offset| image.tables.stack_map_at(offset)) {
            slots.iter().for_each(|&slot| visit(frame_size, slot));
        }
    });
}

/// Where an exception goes on that comes out of the call which returns to `return_address`: the code, and the size of the
/// frame.
pub(crate) fn handler_at(return_address: usize) -> Option<(usize, u32)> {
    let handler = with_image(return_address, |image| {
        let offset = u32::try_from(return_address - image.start()).ok()?;
        let handler = image.tables.handler_at(offset)?;
        Some((image.start() + handler.landing as usize, handler.frame_size))
    });
    handler.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::artifact::TrapSite;

    fn artifact() -> CodeArtifact {
        let ranges = vec![CodeRange { start: 0, len: 16 }, CodeRange { start: 16, len: 16 }];
        let traps = vec![TrapSite { offset: 20, kind: TrapKind::Unreachable }];
        let address_map = vec![(0, 100), (18, 200), (24, u32::MAX)];
        CodeArtifact {
            text: vec![0x90; 40],
            functions: ranges,
            traps,
            address_map,
            ..CodeArtifact::default()
        }
    }

    #[test]
    fn addresses_lead_to_traps_and_frames_until_the_image_is_dropped() {
        let image = CodeImage::load(artifact(), 3, 7).unwrap();
        let start = image.start();
        assert_eq!(trap_at(start + 20), Some((7, Some(TrapKind::Unreachable))));
        assert_eq!(trap_at(start + 21), Some((7, None)));
        let frame = frame_at(start + 20).unwrap();
        assert_eq!((frame.module, frame.func, frame.offset), (7, FuncIdx(4), Some(200)));
        assert_eq!(frame_at(start + 24).unwrap().offset, None);
        assert!(frame_at(start + 33).is_none());
        drop(image);
        assert_eq!(trap_at(start + 20), None);
    }

    #[test]
    fn ranges_past_the_text_are_refused() {
        let mut bad = artifact();
        bad.functions[1].len = 25;
        assert!(CodeImage::load(bad, 0, 0).is_err());
    }
}
