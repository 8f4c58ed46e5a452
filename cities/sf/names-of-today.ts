// Sources and categories under the names DataSF uses today: it renames them every few years and re-labels only a part of the old rows.
import { memo } from '../memo.ts'

const sources: Readonly<Record<string, string>> = {
  'Voice In': 'Phone',
  Open311: 'Mobile',
  'Mobile/Open311': 'Mobile',
  'Web Self Service': 'Web',
  'e-mail In': 'Email',
  'Mail In': 'Mail',
}

/** Only what has one successor: plain `Graffiti` (2016 to 2024) was both public and private property, so it stays. */
const categories: Readonly<Record<string, string>> = {
  'Graffiti Public Property': 'Graffiti Public',
  'Graffiti Private Property': 'Graffiti Private',
  'General Requests': 'General Request',
}

export const sourceOfToday = memo((given) => sources[given] ?? given)

/** `General Request - MTA` is a general request; the agency is a column of its own. */
export const categoryOfToday = memo((given) =>
  given.startsWith('General Request - ') ? 'General Request' : (categories[given] ?? given),
)
