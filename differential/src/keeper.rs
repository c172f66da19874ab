//! Host functions that handle references: imports of the module `keeper`, which act by their names.
//!
//! * `keep` keeps its first argument, whatever that leads to, until it is called again, and returns what it kept before;
//! * `call` calls the function that it is given, if that takes nothing, and lets out whatever comes out of there;
//! * `throw` throws the exception that it is given, if there is one;
//! * `collect` collects garbage.
//!
//! What they return is theirs for the collector to find. Like every host function they are in the trace first. Enters: a call;
//! leaves: results or an error. Knows no lane.

use crate::host::Host;
use assay_runtime::{
    AnyRef, AsContextMut, Caller, Error, ExnRef, ExternRef, OwnedRooted, Result, ThrownException, Val,
};

/// The module of these imports.
pub(crate) const MODULE: &str = "keeper";

/// What a function of this module does.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    Keep,
    Call,
    Throw,
    Collect,
}

/// Something that is kept.
pub(crate) enum Kept {
    Extern(OwnedRooted<ExternRef>),
    Any(OwnedRooted<AnyRef>),
    Exn(OwnedRooted<ExnRef>),
    /// Whatever needs no care.
    Plain(Val),
}

impl std::str::FromStr for Keeper {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        // A number behind the name tells imports of different types apart.
        match name.trim_end_matches(|char: char| char.is_ascii_digit()) {
            "keep" => Ok(Self::Keep),
            "call" => Ok(Self::Call),
            "throw" => Ok(Self::Throw),
            "collect" => Ok(Self::Collect),
            _ => Err(()),
        }
    }
}

impl Keeper {
    /// Does it.
    pub(crate) fn act(
        self,
        caller: &mut Caller<'_, Host>,
        import: usize,
        params: &[Val],
        out: &mut [Val],
    ) -> Result<()> {
        let first = params.first().copied();
        match (self, first) {
            (Self::Keep, Some(value)) => {
                let before = caller.data_mut().kept.remove(&import);
                let kept = Kept::of(caller.as_context_mut(), value)?;
                caller.data_mut().kept.insert(import, kept);
                if let (Some(slot), Some(before)) = (out.first_mut(), before) {
                    *slot = before.value(caller.as_context_mut())?;
                }
            }
            (Self::Call, Some(Val::FuncRef(Some(func)))) => {
                let ty = func.ty(&*caller);
                if ty.params().len() == 0 {
                    let mut results = vec![Val::I32(0); ty.results().len()];
                    func.call(caller.as_context_mut(), &[], &mut results)?;
                }
            }
            (Self::Throw, Some(Val::ExnRef(Some(exception)))) => {
                return Err(ThrownException::new(caller.as_context_mut(), &exception)
                    .unwrap_or_else(|error: Error| error));
            }
            (Self::Collect, _) => caller.as_context_mut().gc(),
            _ => {}
        }
        Ok(())
    }
}

impl Kept {
    fn of(store: impl AsContextMut, value: Val) -> Result<Self> {
        Ok(match value {
            Val::ExternRef(Some(external)) => Self::Extern(external.to_owned_rooted(store)?),
            Val::AnyRef(Some(internal)) => Self::Any(internal.to_owned_rooted(store)?),
            Val::ExnRef(Some(exception)) => Self::Exn(exception.to_owned_rooted(store)?),
            plain => Self::Plain(plain),
        })
    }

    fn value(&self, store: impl AsContextMut) -> Result<Val> {
        Ok(match self {
            Self::Extern(external) => Val::ExternRef(Some(external.to_rooted(store)?)),
            Self::Any(internal) => Val::AnyRef(Some(internal.to_rooted(store)?)),
            Self::Exn(exception) => Val::ExnRef(Some(exception.to_rooted(store)?)),
            Self::Plain(value) => *value,
        })
    }
}
