// q2c-net in plain C++: one event per attempt, a four-ary heap of events, heaps of free slots, xoshiro256++ and a
// ziggurat for normal deviates. Arguments: seconds, replications, first seed. Prints what it took as JSON.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

using Word = std::uint64_t;

struct Random {
  Word state[4];
  explicit Random(Word seed) {
    for (Word &word : state) {
      Word z = (seed += 0x9E3779B97F4A7C15ull);
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
      word = z ^ (z >> 31);
    }
  }
  static Word turned(Word x, int by) { return (x << by) | (x >> (64 - by)); }
  Word next() {
    Word result = turned(state[0] + state[3], 23) + state[0], t = state[1] << 17;
    state[2] ^= state[0]; state[3] ^= state[1]; state[1] ^= state[2]; state[0] ^= state[3];
    state[2] ^= t; state[3] = turned(state[3], 45);
    return result;
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};

struct Ziggurat {  // Doornik 2005, 256 strips
  double edge[257], ratio[256];
  Ziggurat() {
    const double last = 3.6541528853610088, area = 0.00492867323399;
    double f = std::exp(-.5 * last * last);
    edge[0] = area / f; edge[1] = last; edge[256] = 0;
    for (int i = 2; i < 256; i++) {
      edge[i] = std::sqrt(-2 * std::log(area / edge[i - 1] + f));
      f = std::exp(-.5 * edge[i] * edge[i]);
    }
    for (int i = 0; i < 256; i++) ratio[i] = edge[i + 1] / edge[i];
  }
  double normal(Random &random) const {
    for (;;) {
      Word bits = random.next();
      int i = bits & 255;
      double u = 2 * (static_cast<double>(bits >> 11) * 0x1p-53) - 1;
      if (std::fabs(u) < ratio[i]) return u * edge[i];
      if (i == 0) {
        double x, y;
        do { x = std::log(1 - random.unit()) / edge[1]; y = std::log(1 - random.unit()); } while (-2 * y < x * x);
        return u < 0 ? x - edge[1] : edge[1] - x;
      }
      double x = u * edge[i], f0 = std::exp(-.5 * (edge[i] * edge[i] - x * x)),
             f1 = std::exp(-.5 * (edge[i + 1] * edge[i + 1] - x * x));
      if (f1 + random.unit() * (f0 - f1) < 1.0) return x;
    }
  }
};
static const Ziggurat ziggurat;

static const int SLOTS[7] = {8, 10, 6, 12, 12, 10, 3}, STEPS[10] = {0, 1, 2, 3, 4, 4, 4, 2, 5, 0}, RETRIES = 5;
static const double MEAN[7] = {.15, .6, .1, 1.2, .4, .8, 60}, VARIATION[7] = {.5, 1, .7, 1, .8, .7, 1},
                    TIMEOUT[6] = {2, 3, 1, 5, 3, 6}, RATE = 6.2, BURST = 12, REFUSED = .02, REJECTED = .05, PEAK = 3;
enum State : signed char { FAILED, GOOD, DUE };

struct Event { double at; int who; };
struct Lifecycle { double began; signed char step, attempt, state; };

struct Events {
  std::vector<Event> heap = std::vector<Event>(4096);
  int count = 0;
  void replace_first(Event event) {
    int place = 0;
    for (;;) {
      int child = 4 * place + 1;
      if (child >= count) break;
      int best = child;
      if (child + 3 < count) {
        int one = heap[child].at <= heap[child + 1].at ? child : child + 1;
        int two = heap[child + 2].at <= heap[child + 3].at ? child + 2 : child + 3;
        best = heap[one].at <= heap[two].at ? one : two;
      } else {
        for (int other = child + 1; other < count; other++) if (heap[other].at < heap[best].at) best = other;
      }
      if (heap[best].at >= event.at) break;
      heap[place] = heap[best];
      place = best;
    }
    heap[place] = event;
  }
  void push(Event event) {
    if (count == static_cast<int>(heap.size())) heap.resize(2 * count);
    int place = count++;
    while (place) {
      int above = (place - 1) >> 2;
      if (heap[above].at <= event.at) break;
      heap[place] = heap[above];
      place = above;
    }
    heap[place] = event;
  }
  void pop() { if (--count) replace_first(heap[count]); }
};

static void use_slot(double *free, int count, double until) {
  int place = 0;
  for (;;) {
    int child = 2 * place + 1;
    if (child >= count) break;
    if (child + 1 < count && free[child + 1] < free[child]) child++;
    if (free[child] >= until) break;
    free[place] = free[child];
    place = child;
  }
  free[place] = until;
}

static double multiple(double part) {
  if (part < .6) return 1;
  if (part < .8) return 1 + (PEAK - 1) * (part - .6) / .2;
  return part < .9 ? PEAK : 1;
}

static void play(double seconds, Word seed, std::vector<double> &latencies, long &calls) {
  Random random(seed);
  double mu[7], sigma[7], free[7][16] = {};
  for (int k = 0; k < 7; k++) {
    double variance = std::log(1 + VARIATION[k] * VARIATION[k]);
    mu[k] = std::log(MEAN[k]) - variance / 2;
    sigma[k] = std::sqrt(variance);
  }
  Events events;
  std::vector<Lifecycle> all;
  std::vector<int> unused;
  const double outage = .3 * seconds, gap = 1 / 6.0, never = 1e300;
  double tokens = BURST, filled = 0, ceilings[RETRIES];
  for (int a = 0; a < RETRIES; a++) ceilings[a] = std::min(30.0, 1.0 * (1 << a));
  double arrives = -std::log(1 - random.unit()) * gap;
  while (events.count || arrives < never) {
    bool is_new = false;
    double now;
    int who;
    if (events.count == 0 || arrives <= events.heap[0].at) {
      now = arrives;
      arrives = now - std::log(1 - random.unit()) * gap;
      if (arrives >= seconds) arrives = never;
      if (random.unit() * PEAK >= multiple(now / seconds)) continue;
      if (unused.empty()) { who = static_cast<int>(all.size()); all.push_back({}); }
      else { who = unused.back(); unused.pop_back(); }
      all[who] = {now, 0, 0, DUE};
      is_new = true;
    } else {
      now = events.heap[0].at;
      who = events.heap[0].who;
      Lifecycle &one = all[who];
      if (one.state == GOOD) {
        one.attempt = 0;
        if (++one.step == 10) { latencies.push_back(now - one.began); unused.push_back(who); events.pop(); continue; }
      } else if (one.state == FAILED) {
        one.state = DUE;
        if (one.attempt < RETRIES) { events.replace_first({now + random.unit() * ceilings[one.attempt++], who}); continue; }
        one.attempt = 0;
        double done = std::max(free[6][0], now) + std::exp(mu[6] + sigma[6] * ziggurat.normal(random));
        use_slot(free[6], SLOTS[6], done);
        events.replace_first({done, who});
        continue;
      }
    }
    Lifecycle &one = all[who];
    int k = STEPS[one.step];
    double back = -1;
    calls++;
    one.state = FAILED;
    if (k == 3) {
      tokens = std::min(BURST, tokens + (now - filled) * RATE);
      filled = now;
      if (tokens < 1) back = now + REFUSED; else tokens -= 1;
    } else if (k == 4 && now >= outage && now < outage + 60) {
      back = now + REJECTED;
    }
    if (back < 0) {
      double start = std::max(free[k][0], now), deadline = now + TIMEOUT[k];
      back = deadline;
      if (start < deadline) {
        double done = start + std::exp(mu[k] + sigma[k] * ziggurat.normal(random));
        use_slot(free[k], SLOTS[k], done);
        if (done <= deadline) { one.state = GOOD; back = done; }
      }
    }
    if (is_new) events.push({back, who}); else events.replace_first({back, who});
  }
}

int main(int count, char **given) {
  if (count != 4) return 2;
  double seconds = std::atof(given[1]);
  int replications = std::atoi(given[2]);
  Word seed = std::strtoull(given[3], nullptr, 10);
  std::vector<double> latencies;
  long calls = 0;
  std::clock_t started = std::clock();
  for (int number = 0; number < replications; number++) play(seconds, seed + number, latencies, calls);
  double spent = static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
  std::sort(latencies.begin(), latencies.end());
  std::printf("{\"engine\": \"C++ -O3\", \"calls\": %ld, \"lifecycles\": %zu, \"cpu\": %f, \"p50\": %f, \"p95\": %f}\n", calls,
              latencies.size(), spent, latencies[latencies.size() / 2], latencies[latencies.size() * 95 / 100]);
}
