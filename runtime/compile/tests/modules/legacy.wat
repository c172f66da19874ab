;; Exceptions in their older form.
(module
  (import "m" "tag" (tag $imported (param i32 anyref)))
  (import "m" "call" (func $call (param i32) (result i32)))
  (tag $e) (tag $i (param i32)) (tag $v (param i64 f64 v128))
  (func (export "catch") (param i32) (result i32)
    try (result i32) local.get 0 call $call
    catch $imported drop
    catch $e i32.const 1
    catch $i
    catch_all i32.const 3
    end)
  (func (export "bare") (param i32) (result i32)
    try (result i32) local.get 0 call $call end)
  (func (export "params") (param i32) (result i32)
    local.get 0 i32.const 7
    try (param i32 i32) (result i32) i32.add call $call catch $i i32.const 2 i32.mul end)
  (func (export "rethrow") (param i32)
    try local.get 0 throw $i
    catch $i
      try local.get 0 call $call drop throw $e
      catch $e local.get 0 i32.eqz br_if 1 rethrow 1
      catch_all rethrow 0
      end
      drop
    catch_all rethrow 0
    end)
  (func (export "delegate") (param i32) (result i32)
    try $outer (result i32)
      try
        block
          try local.get 0 call $call drop delegate $outer
          try local.get 0 throw $i delegate 1
        end
      catch_all
        try throw $e delegate 0
      end
      i32.const 1
    catch $i
    end)
  (func (export "out") (param i32) try try throw $e delegate 1 catch_all end)
  (func (export "unreachable") (result i32)
    try (result i32) unreachable try nop catch $e rethrow 0 end try nop delegate 0
    catch $i br 0 catch_all i32.const 2 end)
  (func (export "nothing") (result i32)
    try (result i32) i32.const 1 catch $i try nop delegate 0 catch_all try rethrow 1 catch $e end i32.const 2 end)
  (func (export "loop") (param i32) (result i32) (local $n i32)
    loop $again (result i32)
      try (result i32)
        local.get 0 call $call
      catch_all
        local.get $n i32.const 1 i32.add local.tee $n i32.const 5 i32.lt_u br_if $again
        rethrow 0
      end
    end)
  (func (export "values") (result i64 f64 v128)
    try (result i64 f64 v128) i64.const 1 f64.const 2 v128.const i64x2 3 4 throw $v catch $v end))
