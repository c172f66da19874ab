#!/bin/sh
# The suite as a Slurm array, and a job behind it that joins the parts: `./array.sh 16 /shared/results [OPTIONS OF assay spec]`.
# A task that is killed and requeued writes its part anew; until then the part is not there, and the join says so.
set -eu
parts="$1"
results="$2"
shift 2
assay="${ASSAY:-assay}"
mkdir -p "$results"

# 0 and 1 are results. Slurm does not keep words apart, so the command stands in a file.
task="$results/task.sh"
cat > "$task" <<'TASK'
#!/bin/sh
assay="$1" results="$2"
shift 2
"$assay" spec --partition slice --out "$results/part-$SLURM_ARRAY_TASK_ID" "$@" || [ $? -eq 1 ]
TASK

array=$(sbatch --parsable --job-name=assay --array="1-$parts" --requeue --cpus-per-task=2 \
    --output="$results/task-%a.log" "$task" "$assay" "$results" "$@")
echo "array $array of $parts parts"

join="$results/join.sh"
cat > "$join" <<'JOIN'
#!/bin/sh
"$1" merge "$2"/part-* --out "$2/merged"
JOIN
exec sbatch --parsable --job-name=assay-join --dependency="afterany:$array" --wait \
    --output="$results/merge.log" "$join" "$assay" "$results"
