import * as z from 'zod'
import { type Report, reportSchema } from '../outcome/contract.ts'
import { sealed } from '../secrets/last-look.ts'
import { visibleJson } from './escape.ts'

/** The JSON report. What leaves here has passed the schema of the contract. */
export const renderJson = (report: Report): string => `${visibleJson(reportSchema.parse(report))}\n`

/** A text as it may be written: what `sealed` hides leaves JSON valid. */
export const sealedReport = (text: string): string =>
  sealed(text, /^(?:\{|\[\n)/.test(text) ? (data) => `${visibleJson(data)}\n` : null)

/** The JSON Schema of the report. */
export const reportJsonSchema = (): object => ({
  title: 'Layergate report',
  ...z.toJSONSchema(reportSchema, { io: 'output' }),
})
