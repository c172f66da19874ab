//! Tables that only ever hold what their element segments say, so that calls through them need no table.
//!
//! Such a table is private to the module, nothing writes to it, and its segments are constant, in bounds, and hold
//! functions of the module. Its contents then stand beside the code, as distances to it. Enters: a model and its binary;
//! leaves: what stands at each index. A segment may still fail to be applied after another has given functions of a
//! half-made instance away, by an imported table; tables whose segments stand behind such a one are left alone.

use assay_model::fault::{Fault, planted};
use assay_model::index::{DefinedFuncIdx, FuncIdx, TableIdx, TypeIdx};
use assay_model::module::{ConstExpr, ConstOp, ElemItems, ElemMode, ImportItem, ModuleModel};
use assay_model::types::CanonicalTypes;
use std::ops::Range;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// Elements from which on a table is not laid out beside the code.
const MOST_ELEMENTS: u64 = 1 << 16;

/// The number of the type that no function has: there is no function here.
pub(crate) const NOTHING: u32 = u32::MAX;

/// What stands in a constant table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dispatch {
    /// Its place among the module's constant tables.
    pub(crate) number: u32,
    /// The function at each index.
    pub(crate) entries: Vec<Option<DefinedFuncIdx>>,
}

impl Dispatch {
    /// The number of its elements.
    pub(crate) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The functions in it, with their places.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (u32, DefinedFuncIdx)> {
        self.entries.iter().enumerate().filter_map(|(place, func)| Some((place as u32, (*func)?)))
    }

    /// The number of places it takes: a power of two, so that a mask keeps any index inside.
    pub(crate) fn slots(&self) -> u64 {
        self.len().next_power_of_two()
    }
}

/// The constant tables of a module.
pub(crate) struct Dispatches {
    /// By table.
    pub(crate) tables: Vec<Option<Dispatch>>,
    /// A number for each type, the same for equal ones. Empty when there is no constant table.
    types: Vec<u32>,
    /// For each type, whether nothing can be declared below it.
    finals: Vec<bool>,
}

impl Dispatches {
    pub(crate) fn of_module(model: &ModuleModel, bytes: &[u8]) -> Self {
        let mut tables = candidates(model);
        if tables.iter().any(Option::is_some) {
            keep_constant(model, bytes, &mut tables);
        }
        let mut types = Vec::new();
        for (number, table) in tables.iter_mut().flatten().enumerate() {
            table.number = number as u32;
        }
        if tables.iter().any(Option::is_some) {
            let ids = CanonicalTypes::default().intern_module(&model.types, &model.rec_groups);
            types.extend(ids.iter().map(|id| id.0));
        }
        let finals = model.types.iter().map(|ty| ty.is_final).collect();
        Self { tables, types, finals }
    }

    /// The number of a function type: equal for equal types, and never [`NOTHING`].
    pub(crate) fn type_number(&self, ty: TypeIdx) -> u32 {
        if planted(Fault::TypeByIndex) { ty.0 } else { self.types[ty.index()] }
    }

    /// The constant table that a call of a type through `table` may go through. None where a function of another type may
    /// stand that is below this one: numbers tell equality only.
    pub(crate) fn of(&self, table: TableIdx, ty: TypeIdx) -> Option<&Dispatch> {
        self.tables[table.index()].as_ref().filter(|_| self.finals[ty.index()])
    }

    /// The constant tables, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Dispatch> {
        self.tables.iter().flatten()
    }
}

/// What each table holds if nothing writes to it, for tables that nothing outside can reach.
fn candidates(model: &ModuleModel) -> Vec<Option<Dispatch>> {
    let mut tables: Vec<Option<Dispatch>> = Vec::with_capacity(model.tables.len());
    for (position, ty) in model.tables.iter().enumerate() {
        let defined = model.defined_table(TableIdx::from_index(position));
        let empty = defined.is_some_and(|defined| match &model.table_inits[defined.index()] {
            None => true,
            Some(init) => matches!(init.ops[..], [ConstOp::RefNull(_)]),
        });
        let fits = ty.limits.min <= MOST_ELEMENTS;
        let entries = || vec![None; ty.limits.min as usize];
        tables.push((empty && fits).then(|| Dispatch { number: 0, entries: entries() }));
    }
    for export in &model.exports {
        if let ImportItem::Table(table) = export.item {
            tables[table.index()] = None;
        }
    }
    let mut given_away = false;
    for segment in &model.elems {
        let ElemMode::Active { table, offset } = &segment.mode else { continue };
        given_away |= model.defined_table(*table).is_none();
        let slot = &mut tables[table.index()];
        let filled = slot.as_mut().is_some_and(|table| fill(model, table, offset, &segment.items).is_some());
        if given_away || !filled {
            *slot = None;
        }
    }
    tables
}

/// Applies a segment; `None` when that is not known to succeed, or brings in anything but functions of the module.
fn fill(model: &ModuleModel, table: &mut Dispatch, offset: &ConstExpr, items: &ElemItems) -> Option<()> {
    let start = match offset.ops[..] {
        [ConstOp::I32Const(start)] => usize::try_from(start.cast_unsigned()).ok()?,
        [ConstOp::I64Const(start)] => usize::try_from(start.cast_unsigned()).ok()?,
        _ => return None,
    };
    let slots = table.entries.get_mut(start..)?.get_mut(..items.len())?;
    let own = |func: FuncIdx| model.defined_func(func);
    match items {
        ElemItems::Funcs(funcs) => {
            for (slot, &func) in slots.iter_mut().zip(funcs) {
                *slot = Some(own(func)?);
            }
        }
        ElemItems::Exprs(exprs) => {
            for (slot, expr) in slots.iter_mut().zip(exprs) {
                *slot = match expr.ops[..] {
                    [ConstOp::RefFunc(func)] => Some(own(func)?),
                    [ConstOp::RefNull(_)] => None,
                    _ => return None,
                };
            }
        }
    }
    Some(())
}

/// Drops the tables that code writes to, and those that it does not call through.
fn keep_constant(model: &ModuleModel, bytes: &[u8], tables: &mut [Option<Dispatch>]) {
    let mut called = vec![false; tables.len()];
    for body in &model.bodies {
        let uses = uses(bytes, body, |usage| match usage {
            Use::Call(table) => called.get_mut(table as usize).map(|called| *called = true),
            Use::Write(table) => tables.get_mut(table as usize).map(|table| *table = None),
        });
        if uses.is_none() {
            // Validation will say what is wrong.
            tables.fill(None);
            return;
        }
    }
    for (table, called) in tables.iter_mut().zip(called) {
        if !called {
            *table = None;
        }
    }
}

enum Use {
    Call(u32),
    Write(u32),
}

/// Says what a body does with tables; `None` when it is no body, or names a table that there is not.
fn uses(bytes: &[u8], body: &Range<u32>, mut note: impl FnMut(Use) -> Option<()>) -> Option<()> {
    let bytes = bytes.get(body.start as usize..body.end as usize)?;
    let body = FunctionBody::new(BinaryReader::new(bytes, u64::from(body.start)));
    let mut operators = body.get_operators_reader().ok()?;
    while !operators.eof() {
        match operators.read().ok()? {
            Operator::CallIndirect { table_index, .. } | Operator::ReturnCallIndirect { table_index, .. } => {
                note(Use::Call(table_index))?;
            }
            Operator::TableSet { table }
            | Operator::TableGrow { table }
            | Operator::TableFill { table }
            | Operator::TableInit { table, .. }
            | Operator::TableCopy { dst_table: table, .. } => note(Use::Write(table))?,
            _ => {}
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::Dispatches;
    use assay_model::features::FeatureSet;

    /// Which tables of a module are constant.
    fn constant(text: &str) -> Vec<bool> {
        let bytes = wat::parse_str(text).unwrap();
        let parsed = assay_parse::parse(&bytes, FeatureSet::all()).unwrap();
        let found = Dispatches::of_module(&parsed.model, &bytes);
        found.tables.iter().map(Option::is_some).collect()
    }

    /// A module with a table of two elements that is called through, and this beside it.
    fn beside(text: &str) -> Vec<bool> {
        constant(&format!(
            "(module {text} (table $t 2 funcref) (func $f) (elem $e func $f)
               (func (call_indirect $t (i32.const 0))))"
        ))
    }

    #[test]
    fn a_table_that_is_only_called_through_is_constant() {
        assert_eq!(beside(""), [true]);
        assert_eq!(beside("(elem (table $t) (i32.const 1) func $f)"), [true]);
        assert_eq!(beside("(func (drop (table.get $t (i32.const 0))))"), [true], "reading changes nothing");
    }

    #[test]
    fn whatever_writes_or_shows_a_table_makes_it_change() {
        for text in [
            "(export \"t\" (table $t))",
            "(func (table.set $t (i32.const 0) (ref.null func)))",
            "(func (table.fill $t (i32.const 0) (ref.null func) (i32.const 0)))",
            "(func (table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 0)))",
            "(func (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0)))",
            "(func (drop (table.grow $t (ref.null func) (i32.const 0))))",
            "(elem (table $t) (i32.const 2) func $f)",
            "(import \"\" \"\" (global $g i32)) (elem (table $t) (global.get $g) func $f)",
        ] {
            assert_eq!(beside(text), [false], "{text}");
        }
    }

    #[test]
    fn contents_from_outside_are_not_constant() {
        assert_eq!(beside("(import \"\" \"\" (func $i)) (elem (table $t) (i32.const 0) func $i)"), [false]);
        let shelf = "(import \"\" \"\" (table $shelf 1 funcref))";
        let mine = "(elem (table $t) (i32.const 0) func $f)";
        let theirs = "(elem (table $shelf) (i32.const 0) func $f)";
        assert_eq!(beside(&format!("{shelf} {mine} {theirs}")), [false, true]);
        assert_eq!(
            beside(&format!("{shelf} {theirs} {mine}")),
            [false, false],
            "a segment before may be called"
        );
    }

    #[test]
    fn a_table_without_calls_is_not_laid_out() {
        assert_eq!(constant("(module (table 2 funcref) (func $f) (elem (i32.const 0) func $f))"), [false]);
    }
}
