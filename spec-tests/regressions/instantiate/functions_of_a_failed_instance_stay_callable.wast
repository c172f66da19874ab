;; An instance whose start function traps has left its function in a shared table; the function and its state live on.
(module $M
  (table (export "tab") 1 1 funcref)
  (type $t (func (result i32)))
  (func (export "call") (result i32) (call_indirect (type $t) (i32.const 0))))
(register "M" $M)

(assert_trap (invoke $M "call") "uninitialized element")
(assert_trap
  (module
    (import "M" "tab" (table 1 funcref))
    (global $count (mut i32) (i32.const 40))
    (memory 1)
    (func $next (result i32)
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (i32.store (i32.const 0) (global.get $count))
      (i32.load (i32.const 0)))
    (elem (i32.const 0) $next)
    (func $start (unreachable))
    (start $start))
  "unreachable")
(assert_return (invoke $M "call") (i32.const 41))
(assert_return (invoke $M "call") (i32.const 42))
