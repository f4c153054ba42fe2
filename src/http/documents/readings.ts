import Type, { type TSchema } from 'typebox';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NODE_READING_TABLE,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
  type ReadingTable,
} from '../../model/readings.js';

/** Schema of one table of readings: every id there is, each missing where there is no value. */
function readingsDocument<Id extends string>($id: string, of: string, table: ReadingTable<Id>) {
  const members = table.rows.map(({ id, unit, origin }): [string, TSchema] => [
    id,
    Type.Optional(Type.Number({ description: `Unit: ${unit}. From ${origin}.` })),
  ]);
  const schema = Type.Object(Object.fromEntries(members), {
    additionalProperties: false,
    $id,
    description: `Numbers of ${of} in base units; what has no value is missing.`,
  });
  return Object.assign(Type.Unsafe<{ [Key in Id]?: number }>(schema), { $id });
}

export const ReadingsDocument = readingsDocument('Readings', 'one GPU', GPU_READINGS);
export const MigReadingsDocument = readingsDocument('MigReadings', 'one MIG instance', MIG_INSTANCE_READINGS);
export const LinkReadingsDocument = readingsDocument('LinkReadings', 'one NVLink', NVLINK_READINGS);
export const C2cLinkReadingsDocument = readingsDocument('C2cLinkReadings', 'one chip-to-chip link', CHIP_LINK_READINGS);
export const NodeReadingsDocument = readingsDocument('NodeReadings', 'the node', NODE_READING_TABLE);
export const FanReadingsDocument = readingsDocument('FanReadings', 'one fan', FAN_SPEED_READINGS);
export const PeerReadingsDocument = readingsDocument('PeerReadings', 'another GPU', PEER_GPU_READINGS);

/** All of them. */
export const READINGS_DOCUMENTS = [
  ReadingsDocument,
  MigReadingsDocument,
  LinkReadingsDocument,
  C2cLinkReadingsDocument,
  FanReadingsDocument,
  PeerReadingsDocument,
  NodeReadingsDocument,
] as const;
