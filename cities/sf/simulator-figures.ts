// Figures of the simulator: shares and times derived from DataSF's 311 cases (vw6y-z8j6, PDDL): volume, hours, categories, sources and places from the
// 7456 cases of 9 to 12 February 2023, days of the week and (for the commoner categories) times to close from samples of 2012 to 2015.
// A table of figures: that is why it is longer than a file of code should be.

export interface CategoryFigures {
  readonly name: string
  readonly share: number
  readonly agency: string
  readonly subtype: string
  readonly neverClosedShare: number
  /** At the shares of `closingQuantiles`; the few negative ones are closings that were dated back. */
  readonly hoursToClose: readonly number[]
}

export interface PlaceFigures {
  readonly neighborhood: string
  readonly share: number
  /** Where its cases are on average. */
  readonly latitude: number
  readonly longitude: number
}

export interface SourceFigures {
  readonly name: string
  readonly share: number
  readonly photoShare: number
}

export const casesPerDay = 1864
export const closingQuantiles = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const
/** Monday to Sunday. */
export const weekdayShares = [0.1701, 0.1682, 0.1613, 0.1575, 0.1381, 0.1066, 0.0981] as const
/** From midnight on. */
export const hourShares = {
  weekday: [
    0.0105, 0.0084, 0.008, 0.0038, 0.0042, 0.0084, 0.0118, 0.0805, 0.1012, 0.0729, 0.0894, 0.0696, 0.0721, 0.0594,
    0.0852, 0.0902, 0.0523, 0.0493, 0.0232, 0.0148, 0.0207, 0.0464, 0.0114, 0.0063,
  ],
  weekend: [
    0.0118, 0.0093, 0.0115, 0.0065, 0.0028, 0.0043, 0.0081, 0.0291, 0.085, 0.0676, 0.0825, 0.0707, 0.0933, 0.0781,
    0.0921, 0.0831, 0.066, 0.062, 0.0307, 0.0229, 0.0251, 0.0264, 0.0214, 0.0096,
  ],
} as const
/** Of the cases; times whose seconds are 00, coordinates written as 0, closings as a duplicate of another case. */
export const shares = { wholeMinutes: 0.8, zeroCoordinates: 0.01, closedAsDuplicate: 0.03 } as const

export const categories: readonly CategoryFigures[] = [
  category(
    'Street and Sidewalk Cleaning',
    0.4211,
    'DPW Ops Queue',
    'General Cleaning',
    0.012,
    [0.3, 0.79, 2.16, 12.6, 41.41, 122.18, 267.34, 1109.13],
  ),
  category(
    'Parking Enforcement',
    0.1615,
    'Parking Enforcement Dispatch Queue',
    'Other_Illegal_Parking',
    0.004,
    [0.02, 0.14, 0.55, 1.24, 2.9, 6.44, 10.16, 43.02],
  ),
  category(
    'Graffiti',
    0.1316,
    'DPW Ops Queue',
    'Graffiti on Other_enter_additional_details_below',
    0.021,
    [0.48, 1.23, 16.12, 43.58, 148.52, 665.98, 1940.65, 9755.57],
  ),
  category(
    'General Request',
    0.0546,
    'DPW Ops Queue',
    'request_for_service',
    0.054,
    [0.26, 0.94, 13.86, 59.15, 193.75, 1341.17, 3448.48, 12388.4],
  ),
  category(
    'Encampments',
    0.0389,
    'HSOC Queue',
    'Encampment Reports',
    0.168,
    [0.1, 0.27, 4.39, 16.22, 22.55, 43.56, 65.08, 77.5],
  ),
  category(
    'Abandoned Vehicle',
    0.0224,
    'DPT Abandoned Vehicles Work Queue',
    'Abandoned Vehicles',
    0,
    [20.18, 28.1, 54.45, 112.4, 157.43, 187.95, 218.1, 282.25],
  ),
  category(
    'Sign Repair',
    0.02,
    'DPT SignShop Queue',
    'Sign - Defaced',
    0.048,
    [4.41, 25.6, 146.6, 598.7, 1242.3, 2202.63, 3304.91, 6448.25],
  ),
  category(
    'Street Defects',
    0.0194,
    'DPW Ops Queue',
    'Pavement_Defect',
    0.19,
    [3.13, 16.33, 30.09, 87.72, 170.65, 548.5, 1400.33, 3764.85],
  ),
  category(
    'Sidewalk or Curb',
    0.0137,
    'DPW BSM Queue',
    'Sidewalk_Defect',
    0.342,
    [61.69, 87.27, 132.49, 235.85, 2030.03, 8035.84, 12667.15, 26038.82],
  ),
  category(
    'Litter Receptacles',
    0.0129,
    'DPW Ops Queue',
    'Toters_left_out_24x7',
    0.042,
    [1.15, 4.2, 23.16, 59.23, 115.45, 281.48, 505.61, 1613.79],
  ),
  category(
    'Tree Maintenance',
    0.0127,
    'DPW Ops Queue',
    'Trees - Damaging_Property',
    0.07,
    [1.22, 4.45, 49.21, 205.98, 755.47, 2901.6, 4657.14, 14012.27],
  ),
  category(
    'Rec and Park Requests',
    0.0121,
    'RPD NSA Queue',
    'Park - Park_Patrol',
    0.128,
    [0.65, 2.85, 69.01, 283.75, 1920.7, 5565.87, 7735.23, 12603.92],
  ),
  category(
    'Sewer Issues',
    0.0113,
    'PUC Sewer Ops',
    'Sewage_back_up',
    0.043,
    [0.23, 0.61, 2.95, 27.5, 141.89, 766.73, 2085.25, 3605.2],
  ),
  category(
    'Illegal Postings',
    0.0106,
    'DPW Ops Queue',
    'Illegal Postings - Affixed_Improperly',
    0.083,
    [-3.66, 1.58, 15.62, 51.05, 188.62, 574.17, 1095.22, 1879.07],
  ),
  category(
    'Noise Report',
    0.0095,
    'Noise Report Queue',
    'entertainment',
    0.093,
    [0.13, 0.26, 0.97, 10.77, 22.9, 24.62, 28.33, 63.67],
  ),
  category(
    'Child Request',
    0.0087,
    'DPW BSM Queue',
    'Shared_SpacesObstruction_Hazard',
    0.24,
    [1.73, 4.93, 9.61, 9.62, 16.28, 17.9, 95.42, 95.42],
  ),
  category(
    'Damaged Property',
    0.0074,
    'DPT Meter_Bike Queue',
    'Damaged Traffic_Signal',
    0.02,
    [1.73, 9.36, 22.03, 119.26, 1053.95, 3453.68, 7510.87, 16645.53],
  ),
  category(
    'Streetlights',
    0.0068,
    'PUC Streetlights Queue',
    'Streetlight - Light_Burnt_Out',
    0.038,
    [10.74, 19.72, 45.89, 91.55, 166.58, 677.1, 1343.54, 7865.53],
  ),
  category(
    'Muni Employee Feedback',
    0.0047,
    'Muni Feedback Received Queue',
    'Muni - Complaint_Pass_Ups_Denial_Inattention',
    0.163,
    [13.56, 17.04, 22.74, 53.79, 60.29, 63.39, 75.06, 75.06],
  ),
  category(
    'Shared Spaces Violation',
    0.0047,
    'Shared Spaces Queue',
    'other',
    0.24,
    [2.34, 2.34, 6.14, 15.99, 18.54, 95.69, 95.69, 95.69],
  ),
  category(
    'Blocked Street or SideWalk',
    0.0046,
    'DPW BSM Queue',
    'Blocked_Sidewalk',
    0.238,
    [0.73, 0.73, 3.56, 13.31, 59.25, 93.83, 93.83, 93.83],
  ),
  category(
    'Muni Service Feedback',
    0.0043,
    'Muni Feedback Received Queue',
    'Muni - Complaint_Frequency_Reliability',
    0.112,
    [0.73, 1.08, 13.51, 24.94, 43.86, 68.02, 75.35, 75.35],
  ),
  category(
    'Residential Building Request',
    0.0036,
    'DBI Housing Inspection Queue',
    'Building - Infestation_Rodent_Insect',
    0.056,
    [16.88, 19.68, 24.15, 45.82, 68.9, 90.87, 92.53, 96.83],
  ),
  category(
    'Temporary Sign Request',
    0.0003,
    'SFMTA - Temporary Sign Request Printing Queue',
    'Temporary Sign Request for Moving_residential_property',
    0.273,
    [67.89, 146.17, 314.5, 888.58, 2279.97, 7092.18, 8301.62, 8885.69],
  ),
]

export const places: readonly PlaceFigures[] = [
  place('Mission', 0.1588, 37.76, -122.4172),
  place('Haight Ashbury', 0.0546, 37.7694, -122.4456),
  place('Tenderloin', 0.0506, 37.7842, -122.4151),
  place('Sunset/Parkside', 0.044, 37.7521, -122.491),
  place('Bayview Hunters Point', 0.0428, 37.7329, -122.3919),
  place('Hayes Valley', 0.0413, 37.7746, -122.4284),
  place('Nob Hill', 0.0406, 37.7901, -122.416),
  place('Financial District/South Beach', 0.038, 37.79, -122.3985),
  place('South of Market', 0.0363, 37.777, -122.4085),
  place('Castro/Upper Market', 0.0345, 37.7633, -122.4343),
  place('Outer Richmond', 0.0302, 37.7792, -122.4865),
  place('Pacific Heights', 0.0296, 37.7903, -122.4355),
  place('Western Addition', 0.0291, 37.7817, -122.4297),
  place('Presidio Heights', 0.0274, 37.7862, -122.4508),
  place('Inner Richmond', 0.0251, 37.7805, -122.4651),
  place('Marina', 0.024, 37.8003, -122.4366),
  place('Bernal Heights', 0.0231, 37.7409, -122.417),
  place('Portola', 0.0205, 37.7268, -122.4076),
  place('West of Twin Peaks', 0.0205, 37.7359, -122.4598),
  place('Inner Sunset', 0.0201, 37.7613, -122.466),
  place('Lone Mountain/USF', 0.0197, 37.7769, -122.4479),
  place('Russian Hill', 0.019, 37.7994, -122.4196),
  place('Excelsior', 0.0186, 37.7202, -122.4323),
  place('Noe Valley', 0.0185, 37.7488, -122.4333),
  place('North Beach', 0.018, 37.8023, -122.4092),
  place('Potrero Hill', 0.0164, 37.7594, -122.3948),
  place('Outer Mission', 0.0161, 37.7224, -122.4401),
  place('Chinatown', 0.0157, 37.796, -122.4074),
  place('Oceanview/Merced/Ingleside', 0.015, 37.7165, -122.4608),
  place('Twin Peaks', 0.0122, 37.7515, -122.4447),
  place('Mission Bay', 0.0109, 37.772, -122.3936),
  place('Golden Gate Park', 0.0084, 37.769, -122.4661),
  place('Glen Park', 0.0054, 37.7392, -122.4355),
  place('Visitacion Valley', 0.0047, 37.7131, -122.4089),
  place('Lakeshore', 0.0036, 37.7216, -122.4803),
  place('Japantown', 0.0027, 37.785, -122.4336),
  place('Seacliff', 0.0013, 37.7862, -122.4851),
  place('Lincoln Park', 0.0012, 37.7824, -122.4988),
  place('McLaren Park', 0.0005, 37.7175, -122.4135),
  place('Presidio', 0.0003, 37.8013, -122.4496),
  place('Treasure Island', 0.0003, 37.8241, -122.3753),
]

export const sources: readonly SourceFigures[] = [
  { name: 'Mobile', share: 0.6927, photoShare: 0.791 },
  { name: 'Phone', share: 0.1611, photoShare: 0.005 },
  { name: 'Web', share: 0.1284, photoShare: 0.42 },
  { name: 'Integrated Agency', share: 0.0157, photoShare: 0 },
  { name: 'Twitter', share: 0.0021, photoShare: 0.625 },
]

function category(
  name: string,
  share: number,
  agency: string,
  subtype: string,
  neverClosedShare: number,
  hoursToClose: readonly number[],
): CategoryFigures {
  return { name, share, agency, subtype, neverClosedShare, hoursToClose }
}

function place(neighborhood: string, share: number, latitude: number, longitude: number): PlaceFigures {
  return { neighborhood, share, latitude, longitude }
}
