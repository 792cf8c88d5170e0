import * as z from 'zod'
import { type Report, reportSchema } from '../outcome/contract.ts'
import { visibleJson } from './escape.ts'

/** The JSON report. What leaves here has passed the schema of the contract. */
export const renderJson = (report: Report): string => `${visibleJson(reportSchema.parse(report))}\n`

/** The JSON Schema of the report. */
export const reportJsonSchema = (): object => ({ title: 'Layergate report', ...z.toJSONSchema(reportSchema, { io: 'output' }) })
