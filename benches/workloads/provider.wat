;; Owns what `consumer.wat` imports.
(module
  (memory (export "memory") 2)
  (table (export "table") 32 funcref)
  (global (export "stack") (mut i32) (i32.const 65536))
  (global (export "heap") i32 (i32.const 4096)))
