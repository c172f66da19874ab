;; What can be written through an import has to have exactly its type.
(module $M
  (global (export "const") i32 (i32.const 1))
  (global (export "var") (mut i32) (i32.const 2))
  (table (export "tab") 1 externref))
(register "M" $M)
(module (import "M" "const" (global i32)) (import "M" "var" (global (mut i32))))
(assert_unlinkable (module (import "M" "const" (global (mut i32)))) "incompatible import type")
(assert_unlinkable (module (import "M" "var" (global i32))) "incompatible import type")
(assert_unlinkable (module (import "M" "const" (global i64))) "incompatible import type")
(assert_unlinkable (module (import "M" "tab" (table 1 funcref))) "incompatible import type")
(assert_unlinkable (module (import "M" "tab" (func))) "incompatible import type")
(assert_unlinkable (module (import "M" "none" (func))) "unknown import")
(assert_unlinkable (module (import "N" "const" (global i32))) "unknown import")
