;; Objects that live on, and others that do not. A node takes 24 bytes: a header of eight, two references, a number.
(module
  (type $node (struct (field $left (ref null $node)) (field $right (ref null $node)) (field $value i64)))
  (type $forest (array (mut (ref null $node))))
  (global $kept (mut (ref null $forest)) (ref.null $forest))

  ;; A tree of 2^depth - 1 nodes.
  (func $grow (param $depth i32) (result (ref null $node))
    (if (result (ref null $node)) (local.get $depth)
      (then
        (struct.new $node
          (call $grow (i32.sub (local.get $depth) (i32.const 1)))
          (call $grow (i32.sub (local.get $depth) (i32.const 1)))
          (i64.const 1)))
      (else (ref.null $node))))

  ;; Keeps n trees of 1023 nodes, and nothing from before: n.
  (func (export "keep") (param $n i32) (result i64)
    (local $at i32)
    (global.set $kept (array.new_default $forest (local.get $n)))
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $at) (local.get $n)))
        (array.set $forest (ref.as_non_null (global.get $kept)) (local.get $at) (call $grow (i32.const 10)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $again)))
    (i64.extend_i32_u (array.len (ref.as_non_null (global.get $kept)))))

  ;; Makes n * 1023 nodes, of which each lives until the next: n * 1023 * 2.
  (func (export "churn") (param $n i32) (result i64)
    (local $left i32) (local $sum i64) (local $last (ref null $node))
    (local.set $left (i32.mul (local.get $n) (i32.const 1023)))
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $last (struct.new $node (ref.null $node) (ref.null $node) (i64.const 2)))
        (local.set $sum (i64.add (local.get $sum) (struct.get $node $value (local.get $last))))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $again)))
    (local.get $sum))

  ;; The nodes that were kept by n trees, counted one by one: n * 1023.
  (func $count (param $tree (ref null $node)) (result i64)
    (if (result i64) (ref.is_null (local.get $tree))
      (then (i64.const 0))
      (else
        (i64.add (struct.get $node $value (local.get $tree))
          (i64.add (call $count (struct.get $node $left (local.get $tree)))
            (call $count (struct.get $node $right (local.get $tree))))))))
  (func (export "count") (param $n i32) (result i64)
    (local $sum i64)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (local.set $sum (i64.add (local.get $sum)
          (call $count (array.get $forest (ref.as_non_null (global.get $kept)) (local.get $n)))))
        (br $again)))
    (local.get $sum)))
