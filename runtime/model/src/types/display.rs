//! Types as the text format writes them.

use super::{FuncType, GlobalType, HeapType, Limits, MemoryType, RefType, TableType, TypeRef, ValType};
use std::fmt::{Display, Formatter, Result};

impl Display for ValType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ValType::I32 => f.write_str("i32"),
            ValType::I64 => f.write_str("i64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::V128 => f.write_str("v128"),
            ValType::Ref(ty) => ty.fmt(f),
        }
    }
}

impl Display for RefType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let null = if self.nullable { "null " } else { "" };
        match (self.nullable, self.heap) {
            (true, HeapType::Func) => f.write_str("funcref"),
            (true, HeapType::Extern) => f.write_str("externref"),
            (true, HeapType::Any) => f.write_str("anyref"),
            (_, heap) => write!(f, "(ref {null}{heap})"),
        }
    }
}

impl Display for HeapType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = match self {
            HeapType::Func => "func",
            HeapType::NoFunc => "nofunc",
            HeapType::Extern => "extern",
            HeapType::NoExtern => "noextern",
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::None => "none",
            HeapType::Exn => "exn",
            HeapType::NoExn => "noexn",
            HeapType::Concrete(ty) => return ty.fmt(f),
            HeapType::Exact(ty) => return write!(f, "(exact {ty})"),
        };
        f.write_str(name)
    }
}

impl Display for TypeRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TypeRef::Module(index) => write!(f, "{}", index.0),
            TypeRef::Group(index) => write!(f, "rec.{index}"),
            TypeRef::Canonical(id) => write!(f, "type.{}", id.0),
        }
    }
}

impl Display for FuncType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("(func")?;
        list(f, "param", &self.params)?;
        list(f, "result", &self.results)?;
        f.write_str(")")
    }
}

fn list(f: &mut Formatter<'_>, keyword: &str, types: &[ValType]) -> Result {
    if types.is_empty() {
        return Ok(());
    }
    write!(f, " ({keyword}")?;
    types.iter().try_for_each(|ty| write!(f, " {ty}"))?;
    f.write_str(")")
}

impl Display for Limits {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.max {
            Some(max) => write!(f, "{} {max}", self.min),
            None => write!(f, "{}", self.min),
        }
    }
}

impl Display for MemoryType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let address = if self.memory64 { "i64 " } else { "" };
        write!(f, "(memory {address}{}", self.limits)?;
        if self.shared {
            f.write_str(" shared")?;
        }
        if self.page_size_log2 != 16 {
            write!(f, " (pagesize {})", self.page_size())?;
        }
        f.write_str(")")
    }
}

impl Display for TableType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let index = if self.table64 { "i64 " } else { "" };
        write!(f, "(table {index}{} {})", self.limits, self.element)
    }
}

impl Display for GlobalType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.mutable {
            write!(f, "(global (mut {}))", self.content)
        } else {
            write!(f, "(global {})", self.content)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::TypeIdx;

    #[test]
    fn function_types_read_as_text_format() {
        let ty = FuncType::new([ValType::I32, ValType::FUNCREF], [ValType::F64]);
        assert_eq!(ty.to_string(), "(func (param i32 funcref) (result f64))");
        assert_eq!(FuncType::new([], []).to_string(), "(func)");
    }

    #[test]
    fn exact_types_say_so() {
        let heap = HeapType::Exact(TypeRef::Module(TypeIdx(3)));
        assert_eq!(RefType { nullable: true, heap }.to_string(), "(ref null (exact 3))");
    }
}
