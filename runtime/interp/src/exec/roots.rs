//! Showing the collector which cells of frames are references to objects.

use super::frames::frames;
use super::machine::Exec;
use assay_vm::Activation;

/// Shows the references in all frames of an activation.
///
/// # Safety
/// `activation` is the beginning of an [`Exec`] whose run has been left in the instruction that it names.
pub(super) unsafe fn walk(activation: *const Activation, visit: &mut dyn FnMut(&mut u32)) {
    let ctx = activation.cast::<Exec>();
    // SAFETY: by the caller's promise.
    let &Exec { ip, fp, .. } = unsafe { &*ctx };
    for (frame, place) in frames(ctx, ip, fp) {
        frame.module().visit_roots(place, |slot| {
            let cell = frame.fp.wrapping_add(slot as usize).cast::<u32>();
            // SAFETY: the slot belongs to the frame (invariant 2), and the low half of its cell is the reference.
            visit(unsafe { &mut *cell });
        });
    }
}
