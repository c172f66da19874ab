//! Planted faults: known ways to be wrong, of which one at a time can be switched on.
//!
//! A harness is worth the faults that it finds. Each row of [`TABLE`] is one that another runtime had, or one of a class that
//! any runtime could have, and stands in our code as a branch on [`planted`]. Without the feature `planted-faults` that is
//! the constant `false`, and nothing of a fault is built; with it, it is one load. The interpreter has none: it is the judge.
//! Knows neither where a fault is planted nor who looks for it.

/// Whether this build has the faults.
pub const BUILT: bool = cfg!(feature = "planted-faults");

/// A fault. Its number is its place in [`TABLE`], from 1 on; 0 is none.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum Fault {
    IndexSignExtended = 1,
    IndexSumNotWrapped,
    IndexOfSignedLoad,
    IndexNotNarrowed,
    WideIndexNarrowed,
    BoundsOffByOne,
    BoundsIgnoreWidth,
    BoundsSumNarrow,
    OffsetPastGuard,
    ConstantIndexUnchecked,
    MemoryLengthStale,
    TableBaseStale,
    CallNullUnchecked,
    CallTypeUnchecked,
    CallBoundsUnchecked,
    TypeByIndex,
    SelectAsUnsignedMinimum,
    SelectAsFloatMinimum,
    SelectVectorByHalf,
    ShiftCountNotMasked,
    RotateByZero,
    WideLaneShift,
    SwizzleIndexMasked,
    ShuffleOfOneVector,
    CopysignReadsWide,
    SplatReadsWide,
    ZeroLoadReadsWide,
    FloatMinimumByComparison,
    VectorMaximumByComparison,
    DivisorSignExtended,
    ExtendToHalf,
    BranchTableLast,
    WideSizeUpperHalf,
    ImportedGlobalCached,
    NarrowStoreForgotten,
    BranchWithoutFuel,
    TableFillIndexSpace,
    TableCopyIndexSpace,
    FillBeforeCheck,
    CopyOverlapForwards,
    InitPastSegment,
    DataDropForgotten,
    ElementDropForgotten,
    EmptyMemoryUnguarded,
    ReuseNotCleared,
    ReuseNotClosed,
    TrailingSlashFollowed,
    LinkFollowedOut,
    ParentsByText,
    TruncationUnasked,
    LinkTargetUnasked,
    RenameTargetUnasked,
    RenumberUnopenedPanics,
    RenumberLeaks,
    RandomByLength,
    BufferStartOnly,
    BufferEndExcluded,
    InheritingNotIntersected,
    RightsWidened,
    SubscriptionsNarrow,
    OpenBeforePointer,
    CookieMiscounted,
    WrittenAsAsked,
    TimesFollowedOut,
    StatFollowedOut,
    CreateFollowedOut,
    UnlinkFollowedOut,
    TrapOnFirstPage,
    ReadsPastSmallPages,
    TableFillPastEnd,
    GlobalSetSpills,
    LoadReadsElsewhere,
    ReuseClearedInPart,
    GrowthTouchesAnother,
    CodeLeftWritable,
    CodePatched,
    CastToSibling,
    CastExactOnly,
    CastOfNull,
    CastDeepUnchecked,
    I31Unsigned,
    PackedSigned,
    PackedStoreWide,
    ArrayBoundsOffByOne,
    FieldNullUnchecked,
    FieldNeighbour,
    ElementScale,
    ReferenceEqualNarrow,
    HostDataIsEq,
    DefaultNotCleared,
    FieldUntraced,
    ObjectUntraced,
    ClausesReversed,
    TagByType,
    PayloadSwapped,
    ThrowPastInnermost,
    ImportedTagsDiffer,
    TablesNotForwarded,
    GlobalsNotForwarded,
    HandlesNotForwarded,
    PayloadNotForwarded,
    SegmentsNotForwarded,
    LastElementNotForwarded,
    ArrayCopyForwards,
    ArrayRangeWraps,
    FillByByte,
    DescriptorByType,
    DescriptorNullUnchecked,
    DescriptorsNotForwarded,
}

/// What a fault breaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// A wrong value.
    Miscompiled,
    /// A wrong address, or a wrong verdict about one.
    Bounds,
    /// A missing check, guard or permission.
    Guard,
    /// Something of another instance shows.
    Reuse,
    /// What can be reached is not found, or found where it was.
    Collected,
    /// The host pays.
    Denial,
    /// The identity of things that several modules share.
    Concurrency,
    /// A path, a permission or an answer of WASI.
    Sandbox,
}

impl Class {
    /// Its letter in reports.
    pub fn letter(self) -> char {
        match self {
            Self::Miscompiled => 'M',
            Self::Bounds => 'B',
            Self::Guard => 'G',
            Self::Reuse => 'P',
            Self::Collected => 'S',
            Self::Denial => 'D',
            Self::Concurrency => 'C',
            Self::Sandbox => 'F',
        }
    }
}

/// What is known of a fault.
#[derive(Copy, Clone, Debug)]
pub struct Row {
    /// The fault.
    pub fault: Fault,
    /// Its name, for people.
    pub id: &'static str,
    /// The advisory or issue that describes it, or `own class`.
    pub origin: &'static str,
    /// What it breaks.
    pub class: Class,
    /// What is done wrong.
    pub mechanism: &'static str,
    /// What should see it.
    pub oracle: &'static str,
}

/// Every fault, in the order of their numbers.
#[rustfmt::skip]
pub static TABLE: [Row; 109] = [
    row(Fault::IndexSignExtended, "index-sign-extended", "CVE-2021-32629", Class::Bounds,
        "a 32-bit index is sign-extended", "a crash, or the outcome"),
    row(Fault::IndexSumNotWrapped, "index-sum-not-wrapped", "CVE-2023-26489", Class::Bounds,
        "the addition of a 32-bit index is done in 64 bits and does not wrap", "the outcome"),
    row(Fault::IndexOfSignedLoad, "index-of-signed-load", "CVE-2026-34987", Class::Bounds,
        "an index that a sign-extending load made is not zero-extended", "a crash, or the outcome"),
    row(Fault::IndexNotNarrowed, "index-not-narrowed", "CVE-2026-35186", Class::Bounds,
        "an index keeps the upper half of the 64 bits that it was narrowed from", "the outcome"),
    row(Fault::WideIndexNarrowed, "wide-index-narrowed", "own class", Class::Bounds,
        "the upper half of a 64-bit index is ignored", "the outcome"),
    row(Fault::BoundsOffByOne, "bounds-off-by-one", "own class", Class::Bounds,
        "an access may reach one byte past the end", "a crash, or the outcome"),
    row(Fault::BoundsIgnoreWidth, "bounds-ignore-width", "own class", Class::Bounds,
        "only the first byte of an access is checked", "a crash, or the outcome"),
    row(Fault::BoundsSumNarrow, "bounds-sum-narrow", "own class", Class::Bounds,
        "index and offset are added in 32 bits", "a crash, or the outcome"),
    row(Fault::OffsetPastGuard, "offset-past-guard", "own class", Class::Guard,
        "accesses past the reach of the guard are left to it", "a crash, or the outcome"),
    row(Fault::ConstantIndexUnchecked, "constant-index-unchecked", "own class", Class::Bounds,
        "a constant index below the minimum is taken to be in bounds with all of its width", "a crash, or the outcome"),
    row(Fault::MemoryLengthStale, "memory-length-stale", "own class", Class::Bounds,
        "the length of a memory is not read again after it has grown", "the outcome"),
    row(Fault::TableBaseStale, "table-base-stale", "own class", Class::Bounds,
        "the elements of a table are not looked up again after it has grown", "tables, or a crash"),
    row(Fault::CallNullUnchecked, "call-null-unchecked", "own class", Class::Guard,
        "an indirect call does not look whether there is a function", "a crash, or the outcome"),
    row(Fault::CallTypeUnchecked, "call-type-unchecked", "own class", Class::Guard,
        "an indirect call does not look at the type", "the outcome"),
    row(Fault::CallBoundsUnchecked, "call-bounds-unchecked", "own class", Class::Bounds,
        "an indirect call does not compare its index with the length", "a crash, or the outcome"),
    row(Fault::TypeByIndex, "type-by-index", "GHSA-hgjw-h833-99q9", Class::Concurrency,
        "types are compared by index, not by what they are", "the outcome"),
    row(Fault::SelectAsUnsignedMinimum, "select-as-unsigned-minimum", "wasmtime #12335", Class::Miscompiled,
        "a select of the signed lesser becomes an unsigned minimum", "results"),
    row(Fault::SelectAsFloatMinimum, "select-as-float-minimum", "wasmtime #6859", Class::Miscompiled,
        "a select of the lesser float becomes a minimum", "results"),
    row(Fault::SelectVectorByHalf, "select-vector-by-half", "CVE-2022-31104", Class::Miscompiled,
        "a select of vectors chooses the low half only", "results"),
    row(Fault::ShiftCountNotMasked, "shift-count-not-masked", "wasmtime #5409", Class::Miscompiled,
        "a constant shift by the width or more gives zero", "results"),
    row(Fault::RotateByZero, "rotate-by-zero", "wasmtime #12907", Class::Miscompiled,
        "a rotation adds its two halves, which are both the whole for a count of zero", "results"),
    row(Fault::WideLaneShift, "wide-lane-shift", "CVE-2023-41880", Class::Miscompiled,
        "i64x2.shr_s by a constant above 32 shifts by 32 less", "results"),
    row(Fault::SwizzleIndexMasked, "swizzle-index-masked", "CVE-2022-31104", Class::Miscompiled,
        "i8x16.swizzle takes its indices modulo 16", "results"),
    row(Fault::ShuffleOfOneVector, "shuffle-of-one-vector", "CVE-2023-27477", Class::Miscompiled,
        "a shuffle of a vector with itself is off by one for the second half", "results"),
    row(Fault::CopysignReadsWide, "copysign-reads-wide", "CVE-2026-24116", Class::Bounds,
        "f64.copysign reads its second operand from memory with 16 bytes", "a crash, or the outcome"),
    row(Fault::SplatReadsWide, "splat-reads-wide", "CVE-2026-34944", Class::Bounds,
        "v128.load64_splat reads 16 bytes", "a crash, or the outcome"),
    row(Fault::ZeroLoadReadsWide, "zero-load-reads-wide", "wasmtime #4890", Class::Bounds,
        "v128.load64_zero reads 16 bytes", "a crash, or the outcome"),
    row(Fault::FloatMinimumByComparison, "float-minimum-by-comparison", "wasmtime #9030", Class::Miscompiled,
        "a minimum of floats is a comparison and a select: wrong for NaNs and zeros", "results"),
    row(Fault::VectorMaximumByComparison, "vector-maximum-by-comparison", "own class", Class::Miscompiled,
        "a maximum of float lanes is the pseudo-maximum", "results"),
    row(Fault::DivisorSignExtended, "divisor-sign-extended", "CVE-2022-31169", Class::Miscompiled,
        "a constant unsigned divisor is sign-extended", "results"),
    row(Fault::ExtendToHalf, "extend-to-half", "own class", Class::Miscompiled,
        "i64.extend8_s and i64.extend16_s sign-extend to 32 bits only", "results"),
    row(Fault::BranchTableLast, "branch-table-last", "own class", Class::Miscompiled,
        "the last entry of a branch table goes to the default", "results"),
    row(Fault::WideSizeUpperHalf, "wide-size-upper-half", "CVE-2026-34945", Class::Miscompiled,
        "the size of a 64-bit memory or table has leftovers in its upper half", "results"),
    row(Fault::ImportedGlobalCached, "imported-global-cached", "own class", Class::Miscompiled,
        "an imported mutable global is read once", "results"),
    row(Fault::NarrowStoreForgotten, "narrow-store-forgotten", "wasmtime #14166", Class::Miscompiled,
        "narrow stores are thought not to touch what loads read", "results"),
    row(Fault::BranchWithoutFuel, "branch-without-fuel", "own class", Class::Denial,
        "an unconditional branch costs no fuel", "fuel"),
    row(Fault::TableFillIndexSpace, "table-fill-index-space", "CVE-2026-34946", Class::Bounds,
        "table.fill counts tables without the imported ones", "tables"),
    row(Fault::TableCopyIndexSpace, "table-copy-index-space", "CVE-2026-34946", Class::Bounds,
        "table.copy counts its destination without the imported tables", "tables"),
    row(Fault::FillBeforeCheck, "fill-before-check", "GHSA-2hw9-mc66-jc2q", Class::Bounds,
        "memory.fill writes what fits before it traps", "memories"),
    row(Fault::CopyOverlapForwards, "copy-overlap-forwards", "own class", Class::Miscompiled,
        "memory.copy to a higher overlapping address goes forwards", "memories"),
    row(Fault::InitPastSegment, "init-past-segment", "own class", Class::Bounds,
        "memory.init past the end of its segment writes what there is and goes on", "the outcome"),
    row(Fault::DataDropForgotten, "data-drop-forgotten", "own class", Class::Miscompiled,
        "data.drop keeps the segment", "the outcome"),
    row(Fault::ElementDropForgotten, "element-drop-forgotten", "CVE-2024-30266", Class::Miscompiled,
        "elem.drop keeps the segment", "the outcome"),
    row(Fault::EmptyMemoryUnguarded, "empty-memory-unguarded", "CVE-2022-39392", Class::Guard,
        "the first page of an empty memory can be read and written", "the outcome"),
    row(Fault::ReuseNotCleared, "reuse-not-cleared", "CVE-2022-39393", Class::Reuse,
        "a reservation that is used again keeps its contents", "memories"),
    row(Fault::ReuseNotClosed, "reuse-not-closed", "CVE-2026-34988", Class::Reuse,
        "a reservation that is used again stays open past the new memory's end", "the outcome"),
    row(Fault::TrailingSlashFollowed, "trailing-slash-followed", "GHSA-vqjp-4c8c-hfgg", Class::Sandbox,
        "path_open follows a link that is not to be followed where the path ends with a slash", "the second fence, or the model of WASI"),
    row(Fault::LinkFollowedOut, "link-followed-out", "CVE-2024-38358", Class::Sandbox,
        "path_open lets the host follow links, wherever they lead", "the second fence, or the model of WASI"),
    row(Fault::ParentsByText, "parents-by-text", "Walrus #458", Class::Sandbox,
        "path_open takes `..` away by the text, and lets the host follow what is left", "the second fence, or the model of WASI"),
    row(Fault::TruncationUnasked, "truncation-unasked", "CVE-2026-47261", Class::Sandbox,
        "to empty a file takes no right to write", "the model of WASI"),
    row(Fault::LinkTargetUnasked, "link-target-unasked", "CVE-2026-58494", Class::Sandbox,
        "a hard link takes no right of the directory that gets it", "the model of WASI"),
    row(Fault::RenameTargetUnasked, "rename-target-unasked", "CVE-2026-58494", Class::Sandbox,
        "a rename takes no right of the directory that it goes to", "the model of WASI"),
    row(Fault::RenumberUnopenedPanics, "renumber-unopened-panics", "CVE-2025-53901", Class::Denial,
        "fd_renumber to a number that is not open panics", "a panic"),
    row(Fault::RenumberLeaks, "renumber-leaks", "GHSA-3p27-qvp9-27qf", Class::Denial,
        "fd_renumber forgets to close what it replaces", "open descriptors"),
    row(Fault::RandomByLength, "random-by-length", "CVE-2026-27204", Class::Denial,
        "random_get takes as much memory as the guest says, and looks then", "host memory"),
    row(Fault::BufferStartOnly, "buffer-start-only", "wasm3 #323", Class::Sandbox,
        "only the start of a buffer is checked", "the model of WASI"),
    row(Fault::BufferEndExcluded, "buffer-end-excluded", "wasmer #1258", Class::Sandbox,
        "a buffer may not end where memory ends", "the model of WASI"),
    row(Fault::InheritingNotIntersected, "inheriting-not-intersected", "own class", Class::Sandbox,
        "what is opened passes on what was asked for, not what its directory passes on", "the model of WASI"),
    row(Fault::RightsWidened, "rights-widened", "own class", Class::Sandbox,
        "fd_fdstat_set_rights gives rights", "the model of WASI"),
    row(Fault::SubscriptionsNarrow, "subscriptions-narrow", "own class", Class::Denial,
        "the size of a list of subscriptions is computed in 32 bits, and room is made for all of them", "host memory"),
    row(Fault::OpenBeforePointer, "open-before-pointer", "own class", Class::Sandbox,
        "path_open acts before it looks where its result goes", "the model of WASI"),
    row(Fault::CookieMiscounted, "cookie-miscounted", "own class", Class::Sandbox,
        "fd_readdir goes on one entry early", "the model of WASI"),
    row(Fault::WrittenAsAsked, "written-as-asked", "own class", Class::Sandbox,
        "a write that was cut off says that all was written", "the model of WASI"),
    row(Fault::TimesFollowedOut, "times-followed-out", "own class", Class::Sandbox,
        "path_filestat_set_times of a link also sets the times of what it leads to", "the canary tree"),
    row(Fault::StatFollowedOut, "stat-followed-out", "CVE-2024-38358", Class::Sandbox,
        "path_filestat_get lets the host follow links", "the model of WASI"),
    row(Fault::CreateFollowedOut, "create-followed-out", "CVE-2024-38358", Class::Sandbox,
        "path_create_directory lets the host follow links", "the second fence, or the model of WASI"),
    row(Fault::UnlinkFollowedOut, "unlink-followed-out", "CVE-2024-38358", Class::Sandbox,
        "path_unlink_file lets the host follow links", "the second fence, or the model of WASI"),
    row(Fault::TrapOnFirstPage, "trap-on-first-page", "wasmtime #6028", Class::Guard,
        "a bounds check that fails reads from the first page of the address space in place of trapping", "escape: fault outside of its guard"),
    row(Fault::ReadsPastSmallPages, "reads-past-small-pages", "CVE-2026-24116", Class::Bounds,
        "the code generator widens a load of a memory of small pages to 16 bytes", "escape: tight"),
    row(Fault::TableFillPastEnd, "table-fill-past-end", "own class", Class::Bounds,
        "table.fill up to the end writes one element more", "escape: canary"),
    row(Fault::GlobalSetSpills, "global-set-spills", "own class", Class::Bounds,
        "global.set of an imported global writes the value a second time, behind the global", "escape: canary"),
    row(Fault::LoadReadsElsewhere, "load-reads-elsewhere", "own class", Class::Bounds,
        "a load reads from an address rounded down first, and then from its own", "escape: address shadow"),
    row(Fault::ReuseClearedInPart, "reuse-cleared-in-part", "CVE-2022-39393", Class::Reuse,
        "of a reservation that is used again the first page is cleared", "escape: reuse"),
    row(Fault::GrowthTouchesAnother, "growth-touches-another", "own class", Class::Bounds,
        "growth of a memory writes to the memory that was made first", "escape: bystander"),
    row(Fault::CodeLeftWritable, "code-left-writable", "own class", Class::Guard,
        "published code stays writable", "escape: writable code"),
    row(Fault::CodePatched, "code-patched", "own class", Class::Guard,
        "making an instance writes to a byte behind the code", "escape: code digest"),
    row(Fault::CastToSibling, "cast-to-sibling", "own class", Class::Miscompiled,
        "a cast compares the types above both", "results"),
    row(Fault::CastExactOnly, "cast-exact-only", "own class", Class::Miscompiled,
        "a cast knows no subtypes", "results"),
    row(Fault::CastOfNull, "cast-of-null", "own class", Class::Miscompiled,
        "null is of every type of objects", "results"),
    row(Fault::CastDeepUnchecked, "cast-deep-unchecked", "own class", Class::Miscompiled,
        "a cast to a type with more supertypes than the display has succeeds", "results"),
    row(Fault::I31Unsigned, "i31-unsigned", "own class", Class::Miscompiled,
        "i31.get_s does not sign-extend", "results"),
    row(Fault::PackedSigned, "packed-signed", "own class", Class::Miscompiled,
        "unsigned reads of packed bytes sign-extend", "results"),
    row(Fault::PackedStoreWide, "packed-store-wide", "own class", Class::Bounds,
        "a packed byte is written with 16 bits", "the graph of objects, or results"),
    row(Fault::ArrayBoundsOffByOne, "array-bounds-off-by-one", "own class", Class::Bounds,
        "the element behind the last one can be read and written", "the outcome"),
    row(Fault::FieldNullUnchecked, "field-null-unchecked", "own class", Class::Guard,
        "struct.get does not look whether there is a structure", "escape: fault outside of its guard, or a crash"),
    row(Fault::FieldNeighbour, "field-neighbour", "own class", Class::Miscompiled,
        "struct.get reads the field before, where that is kept alike", "results"),
    row(Fault::ElementScale, "element-scale", "own class", Class::Bounds,
        "elements of two bytes are thought to have one", "the graph of objects, or results"),
    row(Fault::ReferenceEqualNarrow, "reference-equal-narrow", "own class", Class::Miscompiled,
        "ref.eq compares the lower half", "results"),
    row(Fault::HostDataIsEq, "host-data-is-eq", "own class", Class::Miscompiled,
        "host data made internal is of type eq", "results"),
    row(Fault::DefaultNotCleared, "default-not-cleared", "own class", Class::Reuse,
        "struct.new_default leaves the last field as it finds it", "the graph of objects, or results"),
    row(Fault::FieldUntraced, "field-untraced", "CVE-2021-39216", Class::Collected,
        "references that were read from objects are in no stack map", "the graph of objects, or a crash"),
    row(Fault::ObjectUntraced, "object-untraced", "CVE-2022-31146", Class::Collected,
        "objects that were allocated in place are in no stack map", "the graph of objects, or a crash"),
    row(Fault::ClausesReversed, "clauses-reversed", "own class", Class::Miscompiled,
        "the clauses of a try_table are asked from the last on", "results"),
    row(Fault::TagByType, "tag-by-type", "own class", Class::Concurrency,
        "tags of one type are one tag", "results"),
    row(Fault::PayloadSwapped, "payload-swapped", "own class", Class::Miscompiled,
        "the first two values of an exception that was caught change places, where their types are the same", "results"),
    row(Fault::ThrowPastInnermost, "throw-past-innermost", "own class", Class::Miscompiled,
        "a throw to a known label does not ask the innermost try_table", "results"),
    row(Fault::ImportedTagsDiffer, "imported-tags-differ", "own class", Class::Concurrency,
        "two imported tags are never the same", "results"),
    row(Fault::TablesNotForwarded, "tables-not-forwarded", "CVE-2021-39218", Class::Collected,
        "the collector forgets tables", "the graph of objects, or a crash"),
    row(Fault::GlobalsNotForwarded, "globals-not-forwarded", "own class", Class::Collected,
        "the collector forgets globals", "the graph of objects, or a crash"),
    row(Fault::HandlesNotForwarded, "handles-not-forwarded", "CVE-2021-39216", Class::Collected,
        "the collector forgets the handles that the embedder owns", "the graph of objects, or a crash"),
    row(Fault::PayloadNotForwarded, "payload-not-forwarded", "own class", Class::Collected,
        "the collector forgets what exceptions carry", "the graph of objects, or a crash"),
    row(Fault::SegmentsNotForwarded, "segments-not-forwarded", "own class", Class::Collected,
        "the collector forgets element segments", "the graph of objects, or a crash"),
    row(Fault::LastElementNotForwarded, "last-element-not-forwarded", "own class", Class::Collected,
        "the collector forgets the last element of an array", "the graph of objects, or a crash"),
    row(Fault::ArrayCopyForwards, "array-copy-forwards", "own class", Class::Miscompiled,
        "array.copy to a higher overlapping index goes forwards", "the graph of objects"),
    row(Fault::ArrayRangeWraps, "array-range-wraps", "own class", Class::Bounds,
        "start and length of a range of an array are added in 32 bits", "the outcome, or a crash"),
    row(Fault::FillByByte, "fill-by-byte", "own class", Class::Miscompiled,
        "array.fill of elements of two bytes repeats the lower one", "the graph of objects"),
    row(Fault::DescriptorByType, "descriptor-by-type", "own class", Class::Miscompiled,
        "a cast by descriptor to an exact type takes any object of the type", "results"),
    row(Fault::DescriptorNullUnchecked, "descriptor-null-unchecked", "own class", Class::Guard,
        "no descriptor at all is taken for one", "the outcome"),
    row(Fault::DescriptorsNotForwarded, "descriptors-not-forwarded", "own class", Class::Collected,
        "the collector forgets descriptors", "the graph of objects, or a crash"),
];

const fn row(
    fault: Fault,
    id: &'static str,
    origin: &'static str,
    class: Class,
    mechanism: &'static str,
    oracle: &'static str,
) -> Row {
    Row { fault, id, origin, class, mechanism, oracle }
}

impl Row {
    /// Whether it stands in WASI, so that only cases of WASI can show it.
    pub fn is_of_wasi(&self) -> bool {
        self.fault as u8 >= Fault::TrailingSlashFollowed as u8
            && self.fault as u8 <= Fault::UnlinkFollowedOut as u8
    }
}

impl Fault {
    /// What is known of it.
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize - 1]
    }

    /// The fault of this name.
    pub fn named(id: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.id == id).map(|row| row.fault)
    }
}

#[cfg(feature = "planted-faults")]
mod switch {
    use super::Fault;
    use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

    static PLANTED: AtomicU8 = AtomicU8::new(0);
    static EVERY_FAULT: AtomicBool = AtomicBool::new(false);

    /// Whether this fault is switched on.
    #[inline(always)]
    pub fn planted(fault: Fault) -> bool {
        PLANTED.load(Ordering::Relaxed) == fault as u8
    }

    /// Switches a fault on, and all others off, for the whole process: to be called before there is an engine.
    pub fn plant(fault: Option<Fault>) {
        PLANTED.store(fault.map_or(0, |fault| fault as u8), Ordering::Relaxed);
    }

    /// Whether every fault of an instruction that may trap is taken for its trap, wherever its address lies.
    pub fn accepts_every_fault() -> bool {
        EVERY_FAULT.load(Ordering::Relaxed)
    }

    /// Takes the fault check away, to see what it is worth.
    pub fn accept_every_fault() {
        EVERY_FAULT.store(true, Ordering::Relaxed);
    }
}

#[cfg(not(feature = "planted-faults"))]
mod switch {
    use super::Fault;

    /// Whether this fault is switched on: never in this build.
    #[inline(always)]
    pub const fn planted(_fault: Fault) -> bool {
        false
    }

    /// Whether the fault check was taken away: never in this build.
    #[inline(always)]
    pub const fn accepts_every_fault() -> bool {
        false
    }
}

pub use switch::*;

#[cfg(test)]
mod tests {
    use super::{Fault, TABLE};

    #[test]
    fn a_fault_is_found_by_number_and_by_name() {
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(row.fault as usize, position + 1, "{}", row.id);
            assert_eq!(row.fault.row().id, row.id);
            assert_eq!(Fault::named(row.id), Some(row.fault), "names are unique");
        }
        assert_eq!(Fault::named("none"), None);
    }
}
