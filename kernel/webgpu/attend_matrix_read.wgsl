// A lane's chunks of the tile `next` into its registers, for attend_matrix_rows.wgsl. Only rows are chosen
// in a branch: chunks that came out of one would be awaited at its end.
//#for i in 0..KEY_LOADS
    var keyRow${i} = next.first + keyOfStage(lane + ${i * S}u);
//#end
//#for i in 0..VALUE_LOADS
    var valueRow${i} = next.first + valueOfStage(lane + ${i * S}u);
//#end
    if (!next.unmasked) {
//#for i in 0..KEY_LOADS
      keyRow${i} = tileRow(item, next, keyOfStage(lane + ${i * S}u));
//#end
//#for i in 0..VALUE_LOADS
      valueRow${i} = tileRow(item, next, valueOfStage(lane + ${i * S}u));
//#end
    }
//#for i in 0..KEY_LOADS
    key${i} = readKey(keyRow${i}, lane + ${i * S}u);
//#end
//#for i in 0..VALUE_LOADS
    value${i} = readValue(valueRow${i}, lane + ${i * S}u);
//#end
