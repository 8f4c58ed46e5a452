import { hours, StreamsBuilder, t, topic, tumbling, windowed, windowResult, windowStore } from '../../index.ts'

class Ride extends t.record('Ride', { minutes: t.int }) {}
class Total extends t.record('Total', { rides: t.int, minutes: t.int }) {}

export const rides = topic('rides', { key: t.string, value: Ride })
export const hourly = topic('hourly-rides', { key: windowed(t.string), value: windowResult(Total) })

const streams = new StreamsBuilder('bikes')
streams
  .stream(rides)
  .groupByKey()
  .windowedBy(tumbling({ size: hours(1), grace: hours(1), late: 'drop', zone: 'UTC' }))
  .aggregate(windowStore('hourly-totals', { key: t.string, value: Total }), {
    initial: { rides: 0, minutes: 0 },
    add: (total, ride) => ({ rides: total.rides + 1, minutes: total.minutes + ride.minutes }),
  })
  .toStream()
  .to(hourly)
export const bikes = streams.build()
