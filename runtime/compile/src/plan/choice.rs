//! Choices: calls through a constant table that can only go to a few functions.
//!
//! The functions of one type in one constant table, with their places, where they are few. A call of that type through
//! that table is then a chain of comparisons of its index, with an arm for each function, that calls it directly or is a
//! leaf; any other index traps. Such branches are foreseen better than one jump to an address from a table. Enters: the
//! constant tables; leaves: one answer for each table and type.

use super::{Dispatch, Dispatches, Leaves};
use crate::options::{CompileOptions, OptLevel};
use assay_model::index::{DefinedFuncIdx, TypeIdx};
use assay_model::module::ModuleModel;
use rustc_hash::FxHashMap;

/// Places that a chain of comparisons may have.
const MOST_PLACES: usize = 8;

/// Functions that may be called where a call was. Leaves do not count.
const MOST_CALLED: usize = 4;

/// A function that a call may go to, and the places where it stands.
pub(crate) struct Arm {
    pub(crate) func: DefinedFuncIdx,
    pub(crate) places: Vec<u32>,
}

/// The choices of a module.
#[derive(Default)]
pub(crate) struct Choices {
    /// By the numbers of table and type.
    choices: FxHashMap<(u32, u32), Vec<Arm>>,
}

impl Choices {
    pub(crate) fn of_module(
        model: &ModuleModel,
        dispatches: &Dispatches,
        leaves: &Leaves<'_>,
        options: &CompileOptions,
    ) -> Self {
        if options.opt_level == OptLevel::None {
            return Self::default();
        }
        let mut found: FxHashMap<(u32, u32), Found> = FxHashMap::default();
        for dispatch in dispatches.iter() {
            for (place, func) in dispatch.functions() {
                let ty = dispatches.type_number(model.funcs[model.func_of(func).index()].ty);
                found.entry((dispatch.number, ty)).or_default().add(place, func);
            }
        }
        let called = |found: &Found| found.arms.iter().filter(|arm| leaves.get(arm.func).is_none()).count();
        found.retain(|_, found| found.few && called(found) <= MOST_CALLED);
        Self { choices: found.into_iter().map(|(key, found)| (key, found.arms)).collect() }
    }

    /// The functions that a call of a type through a table may go to, if they are few.
    pub(crate) fn get(&self, dispatches: &Dispatches, dispatch: &Dispatch, ty: TypeIdx) -> Option<&[Arm]> {
        self.choices.get(&(dispatch.number, dispatches.type_number(ty))).map(Vec::as_slice)
    }
}

/// Functions being gathered.
struct Found {
    arms: Vec<Arm>,
    places: usize,
    few: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self { arms: Vec::new(), places: 0, few: true }
    }
}

impl Found {
    fn add(&mut self, place: u32, func: DefinedFuncIdx) {
        self.places += 1;
        self.few &= self.places <= MOST_PLACES;
        if !self.few {
            return;
        }
        match self.arms.iter_mut().find(|arm| arm.func == func) {
            Some(arm) => arm.places.push(place),
            None => self.arms.push(Arm { func, places: vec![place] }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_CALLED, MOST_PLACES};
    use crate::options::CompileOptions;
    use crate::plan::ModulePlan;
    use assay_model::features::FeatureSet;
    use assay_model::index::TypeIdx;

    /// Functions and places of each arm for the first type of a module through its first table.
    fn choice(text: &str) -> Option<Vec<(u32, Vec<u32>)>> {
        let bytes = wat::parse_str(text).unwrap();
        let parsed = assay_parse::parse(&bytes, FeatureSet::default()).unwrap();
        let options = CompileOptions::default();
        let plan = ModulePlan::new(&parsed, &bytes, &options);
        let dispatch = plan.dispatches.tables[0].as_ref()?;
        let arms = plan.choices.get(&plan.dispatches, dispatch, TypeIdx(0))?;
        Some(arms.iter().map(|arm| (arm.func.0, arm.places.clone())).collect())
    }

    /// A module whose table holds these functions, of which `l` is a leaf, `n` is none and `o` has another type.
    fn table(size: usize, elements: &str) -> String {
        format!(
            "(module (type (func (result i32))) (table {size} funcref) (elem (i32.const 1) func {elements})
               (func (result i32) (call_indirect (type 0) (i32.const 0)))
               (func $l (result i32) (i32.const 1))
               (func $n (result i32) (i32.div_u (i32.const 1) (i32.const 1)))
               (func $o (result i64) (i64.const 1)))"
        )
    }

    #[test]
    fn functions_of_the_type_are_found_with_their_places() {
        assert_eq!(choice(&table(9, "$l $o $n $l")), Some(vec![(1, vec![1, 4]), (2, vec![3])]));
    }

    #[test]
    fn what_never_fits_is_left_to_the_table() {
        assert_eq!(choice(&table(9, "$o")), None);
    }

    #[test]
    fn many_places_are_no_choice() {
        let places = |count: usize| choice(&table(200, &"$l ".repeat(count)));
        assert_eq!(places(MOST_PLACES).map(|arms| arms.len()), Some(1));
        assert_eq!(places(MOST_PLACES + 1), None);
    }

    #[test]
    fn few_functions_are_called_and_more_written_out() {
        let arms = |count: usize, body: &str| {
            let names: String = (0..count).map(|n| format!("$f{n} ")).collect();
            let funcs: String = (0..count).map(|n| format!("(func $f{n} (result i32) {body})")).collect();
            let text = table(200, &names).replace("(func $l", &format!("{funcs} (func $l"));
            choice(&text).map(|arms| arms.len())
        };
        let divided = "(i32.div_u (i32.const 1) (i32.const 1))";
        assert_eq!(arms(MOST_CALLED, divided), Some(MOST_CALLED));
        assert_eq!(arms(MOST_CALLED + 1, divided), None);
        assert_eq!(arms(MOST_PLACES, "(i32.const 1)"), Some(MOST_PLACES));
    }
}
