;; Two instances that call each other without end share one stack, and that one ends.
(module $A
  (table (export "tab") 2 funcref)
  (type $t (func))
  (func (export "f") (call_indirect (type $t) (i32.const 1)))
  (elem (i32.const 0) 0))
(register "A" $A)
(module $B
  (import "A" "tab" (table 2 funcref))
  (import "A" "f" (func $f))
  (func $g (call $f))
  (elem (i32.const 1) $g)
  (func (export "g") (call $g)))
(assert_exhaustion (invoke $B "g") "call stack exhausted")
(assert_exhaustion (invoke $A "f") "call stack exhausted")
