//! Patterns of references: which nulls, which objects.
//!
//! Works on what a script can see of a reference. Knows no heap.

use std::fmt;

use crate::value::{Hierarchy, Object, Value};

/// What a reference has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefPattern {
    /// Null, of any hierarchy or of this one.
    Null(Option<Hierarchy>),
    /// A function.
    Func,
    /// An external reference, any or the one with this number.
    Extern(Option<u32>),
    /// An external reference seen from inside, with this number.
    Host(u32),
    /// Anything inside the `any` hierarchy.
    Any,
    /// Anything that can be compared.
    Eq,
    /// An `i31`.
    I31,
    /// A structure.
    Struct,
    /// An array.
    Array,
}

impl RefPattern {
    /// Whether `value` is such a reference.
    pub(crate) fn matches(&self, value: &Value) -> bool {
        match value {
            Value::Null(hierarchy) => match self {
                Self::Null(expected) => expected.is_none_or(|expected| expected == *hierarchy),
                _ => false,
            },
            Value::Ref(object) => self.matches_object(*object),
            _ => false,
        }
    }

    fn matches_object(&self, object: Object) -> bool {
        match self {
            Self::Null(_) => false,
            Self::Func => object == Object::Func,
            Self::Extern(None) => matches!(object, Object::Extern(_)),
            Self::Extern(number) => object == Object::Extern(*number),
            Self::Host(number) => object == Object::Host(*number),
            Self::Any => matches!(object, Object::Host(_) | Object::I31 | Object::Struct | Object::Array),
            Self::Eq => matches!(object, Object::I31 | Object::Struct | Object::Array),
            Self::I31 => object == Object::I31,
            Self::Struct => object == Object::Struct,
            Self::Array => object == Object::Array,
        }
    }
}

impl fmt::Display for RefPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(None) => f.write_str("ref.null"),
            Self::Null(Some(hierarchy)) => write!(f, "ref.null {hierarchy}"),
            Self::Func => f.write_str("ref.func"),
            Self::Extern(None) => f.write_str("ref.extern"),
            Self::Extern(Some(number)) => write!(f, "ref.extern {number}"),
            Self::Host(number) => write!(f, "ref.host {number}"),
            Self::Any => f.write_str("ref.any"),
            Self::Eq => f.write_str("ref.eq"),
            Self::I31 => f.write_str("ref.i31"),
            Self::Struct => f.write_str("ref.struct"),
            Self::Array => f.write_str("ref.array"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RefPattern;
    use crate::value::{Hierarchy, Object, Value};

    #[test]
    fn a_bare_null_matches_every_null_and_nothing_else() {
        let pattern = RefPattern::Null(None);
        assert!(pattern.matches(&Value::Null(Hierarchy::Func)));
        assert!(pattern.matches(&Value::Null(Hierarchy::Extern)));
        assert!(!pattern.matches(&Value::Ref(Object::Func)));
        assert!(!pattern.matches(&Value::I32(0)));
        assert!(!RefPattern::Null(Some(Hierarchy::Func)).matches(&Value::Null(Hierarchy::Extern)));
    }

    #[test]
    fn an_external_reference_has_its_number_or_any() {
        let seven = Value::Ref(Object::Extern(Some(7)));
        assert!(RefPattern::Extern(Some(7)).matches(&seven));
        assert!(!RefPattern::Extern(Some(8)).matches(&seven));
        assert!(RefPattern::Extern(None).matches(&seven));
        assert!(RefPattern::Extern(None).matches(&Value::Ref(Object::Extern(None))));
        assert!(!RefPattern::Extern(None).matches(&Value::Null(Hierarchy::Extern)));
        assert!(!RefPattern::Host(7).matches(&seven));
    }

    #[test]
    fn eq_leaves_host_references_out() {
        assert!(RefPattern::Any.matches(&Value::Ref(Object::Host(1))));
        assert!(!RefPattern::Eq.matches(&Value::Ref(Object::Host(1))));
        assert!(RefPattern::Eq.matches(&Value::Ref(Object::I31)));
        assert!(!RefPattern::Any.matches(&Value::Ref(Object::Func)));
    }
}
