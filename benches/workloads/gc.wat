;; Objects that are collected. Every export gives a number that is known by formula.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree)) (field $value i32)))
  (type $node (struct (field $next (ref null $node)) (field $value i64)))

  ;; A tree of 2^depth - 1 nodes.
  (func $grow (param $depth i32) (result (ref null $tree))
    (if (result (ref null $tree)) (local.get $depth)
      (then
        (struct.new $tree
          (call $grow (i32.sub (local.get $depth) (i32.const 1)))
          (call $grow (i32.sub (local.get $depth) (i32.const 1)))
          (i32.const 1)))
      (else (ref.null $tree))))
  (func $count (param $tree (ref null $tree)) (result i32)
    (if (result i32) (ref.is_null (local.get $tree))
      (then (i32.const 0))
      (else
        (i32.add (struct.get $tree $value (local.get $tree))
          (i32.add (call $count (struct.get $tree $left (local.get $tree)))
            (call $count (struct.get $tree $right (local.get $tree))))))))
  ;; n trees of 1023 nodes, beside one of 65535 that lives on: n * 1023 + 65535.
  (func (export "trees") (param $n i32) (result i64) (local $sum i64) (local $old (ref null $tree))
    (local.set $old (call $grow (i32.const 16)))
    (loop $again
      (if (local.get $n)
        (then
          (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $count (call $grow (i32.const 10))))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again))))
    (i64.add (local.get $sum) (i64.extend_i32_u (call $count (local.get $old)))))

  ;; n times a list of the numbers below 1000, made and added up: n * 499500.
  (func (export "lists") (param $n i32) (result i64)
    (local $sum i64) (local $i i64) (local $list (ref null $node))
    (loop $again
      (if (local.get $n)
        (then
          (local.set $list (ref.null $node))
          (local.set $i (i64.const 0))
          (loop $make
            (local.set $list (struct.new $node (local.get $list) (local.get $i)))
            (br_if $make (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 1000))))
          (loop $add
            (local.set $sum (i64.add (local.get $sum) (struct.get $node $value (local.get $list))))
            (local.set $list (struct.get $node $next (local.get $list)))
            (br_if $add (i32.eqz (ref.is_null (local.get $list)))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again))))
    (local.get $sum))

  ;; Classes as compilers of languages with objects lay them out: a table of methods in each object.
  (rec
    (type $method (func (param (ref $object)) (result i32)))
    (type $class (struct (field $area (ref $method))))
    (type $object (sub (struct (field $class (ref $class)) (field $size i32)))))
  (type $circle (sub $object (struct (field $class (ref $class)) (field $size i32) (field $radius i32))))
  (type $objects (array (mut (ref null $object))))
  (elem declare func $one $two $three)
  (func $one (type $method) (i32.const 1))
  (func $two (type $method) (struct.get $object $size (local.get 0)))
  (func $three (type $method) (struct.get $circle $radius (ref.cast (ref $circle) (local.get 0))))
  (func $object (param $kind i32) (result (ref $object))
    (if (i32.eqz (local.get $kind))
      (then (return (struct.new $object (struct.new $class (ref.func $one)) (i32.const 0)))))
    (if (i32.eq (local.get $kind) (i32.const 1))
      (then (return (struct.new $object (struct.new $class (ref.func $two)) (i32.const 2)))))
    (struct.new $circle (struct.new $class (ref.func $three)) (i32.const 0) (i32.const 3)))
  (func $all (result (ref $objects)) (local $all (ref $objects)) (local $i i32)
    (local.set $all (array.new_default $objects (i32.const 768)))
    (loop $fill
      (array.set $objects (local.get $all) (local.get $i) (call $object (i32.rem_u (local.get $i) (i32.const 3))))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 768))))
    (local.get $all))
  ;; n times the method of 768 objects: n * 1536.
  (func (export "methods") (param $n i32) (result i64)
    (local $all (ref $objects)) (local $i i32) (local $sum i64) (local $it (ref $object))
    (local.set $all (call $all))
    (loop $again
      (if (local.get $n)
        (then
          (local.set $i (i32.const 0))
          (loop $each
            (local.set $it (ref.as_non_null (array.get $objects (local.get $all) (local.get $i))))
            (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
              (call_ref $method (local.get $it)
                (struct.get $class $area (struct.get $object $class (local.get $it)))))))
            (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 768))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again))))
    (local.get $sum))

  ;; n times, of 768 objects, those of a subtype: n * 256 * 4.
  (func (export "casts") (param $n i32) (result i64)
    (local $all (ref $objects)) (local $i i32) (local $sum i64)
    (local.set $all (call $all))
    (loop $again
      (if (local.get $n)
        (then
          (local.set $i (i32.const 0))
          (loop $each
            (block $other
              (block $circle (result (ref $circle))
                (br_on_cast $circle (ref null $object) (ref $circle)
                  (array.get $objects (local.get $all) (local.get $i)))
                (drop)
                (br $other))
              struct.get $circle $radius
              i64.extend_i32_u
              i64.const 1
              i64.add
              local.get $sum
              i64.add
              local.set $sum)
            (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 768))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again))))
    (local.get $sum)))
