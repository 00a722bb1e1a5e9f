using Fleet.Core.Storage;

namespace Fleet.Tests.Storage;

/// <summary>The limit of open transactions against a simulated database: some cores, a disk that all commits of a moment share, and a
/// penalty for each transaction that is open.</summary>
public sealed class ThroughputLimitTests
{
    private const int Ceiling = 64;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Add_OneProcess_CommitsNearlyAsMuchAsTheBestFixedLimit(int cores)
    {
        var best = Enumerable.Range(1, Ceiling).Max(n => new Database(cores).Throughput(n));
        var fleet = new Simulation(new Database(cores), processes: 1);

        fleet.Run(TimeSpan.FromSeconds(20));

        Assert.True(
            fleet.Database.Throughput(fleet.Limits[0]) >= 0.85 * best,
            $"limit {fleet.Limits[0]}: {fleet.Database.Throughput(fleet.Limits[0]):F0}/s of {best:F0}/s");
        Assert.True(fleet.Least >= ThroughputLimit.Floor, $"{fleet.Least}");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Add_SeveralProcesses_AreAlikeAndNotSlowerThanOne(int processes)
    {
        var one = new Simulation(new Database(4), processes: 1);
        var fleet = new Simulation(new Database(4), processes);
        one.Run(TimeSpan.FromSeconds(20));

        // The second half: what begins at different times has come together by then.
        fleet.Run(TimeSpan.FromSeconds(60));
        var shares = fleet.MeanLimits(TimeSpan.FromSeconds(60));

        Assert.True(shares.Max() <= 2 * shares.Min(), string.Join(' ', shares));
        Assert.True(fleet.Database.Throughput((int)shares.Sum()) >= 0.9 * one.Database.Throughput(one.Limits[0]), string.Join(' ', shares));
    }

    [Fact]
    public void Add_ServerBecomesSlowerAndFasterAgain_FollowsWithoutFallingToTheFloorForGood()
    {
        var fleet = new Simulation(new Database(4), processes: 1);
        fleet.Run(TimeSpan.FromSeconds(20));
        var before = fleet.Limits[0];

        // Everything takes six times as long: not a reason for fewer transactions.
        fleet.Database.Slowness = 6;
        fleet.Run(TimeSpan.FromSeconds(60));
        Assert.InRange(fleet.MeanLimits(TimeSpan.FromSeconds(30))[0], before * 0.6, before * 1.7);

        fleet.Database.Slowness = 1;
        fleet.Run(TimeSpan.FromSeconds(60));
        Assert.InRange(fleet.MeanLimits(TimeSpan.FromSeconds(30))[0], before * 0.6, before * 1.7);
    }

    [Fact]
    public void Add_ProcessesBeginUnderLoad_FindTheUndisturbedTimeTogether()
    {
        // What the first of them measure is the load of all.
        var fleet = new Simulation(new Database(1), processes: 4);
        fleet.Run(TimeSpan.FromSeconds(30));

        Assert.True(fleet.MeanLimits(TimeSpan.FromSeconds(20)).Sum() < 5 * ThroughputLimit.Floor, string.Join(' ', fleet.Limits));
    }

    [Fact]
    public void Add_HandlersThinkInTheirTransactions_GrowsToTheCeiling()
    {
        var fleet = new Simulation(new Database(2), processes: 1) { Thinking = TimeSpan.FromMilliseconds(200) };

        fleet.Run(TimeSpan.FromSeconds(30));

        Assert.Equal(Ceiling, fleet.Limits[0]);
    }

    [Fact]
    public void Add_NobodyWaits_StaysAsItIs()
    {
        var limit = new ThroughputLimit();
        for (var i = 0; i < 1000; i++)
            limit.Add(0.001, default, default, Ceiling);

        Assert.Equal(ThroughputLimit.Floor, limit.Value);
    }

    /// <param name="cores">How many transactions are worked on at once.</param>
    private sealed class Database(int cores)
    {
        private const double Work = 0.0005;
        private const double Disk = 0.0006;
        private const double PenaltyEach = 0.004;

        public double Slowness { get; set; } = 1;

        /// <summary>Seconds that a completion and commit takes beside so many others.</summary>
        public double Took(double open)
        {
            var work = Work * (1 + (PenaltyEach * open));
            return Slowness * ((work * Math.Max(1, open / cores)) + Disk);
        }

        public double Throughput(int open) => open / Took(open);
    }

    private sealed class Simulation(Database database, int processes)
    {
        private const double Step = 0.002;

        private readonly Random _random = new(7);
        private readonly ThroughputLimit[] _limits = [.. Enumerable.Range(0, processes).Select(_ => new ThroughputLimit())];
        private readonly double[] _owed = new double[processes];
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 3, TimeSpan.Zero);

        public Database Database => database;

        public TimeSpan Thinking { get; init; }

        public int Least { get; private set; } = int.MaxValue;

        public int[] Limits => [.. _limits.Select(l => l.Value)];

        public void Run(TimeSpan time)
        {
            for (var end = _now + time; _now < end; _now += TimeSpan.FromSeconds(Step))
            {
                foreach (var limit in _limits)
                    limit.Tick(_now);
                // Those that think are open and do not load the database.
                var took = 0.001;
                for (var i = 0; i < 30; i++)
                    took = database.Took(_limits.Sum(l => l.Value) * took / (took + Thinking.TotalSeconds));
                for (var i = 0; i < _limits.Length; i++)
                {
                    var limit = _limits[i];
                    if (!limit.IsProbing)
                        Least = Math.Min(Least, limit.Value);
                    _owed[i] += limit.Value * Step / (took + Thinking.TotalSeconds);
                    for (; _owed[i] >= 1; _owed[i]--)
                    {
                        limit.Full();
                        limit.Add(took * (0.7 + (0.6 * _random.NextDouble())), _now - Thinking, _now, Ceiling);
                    }
                }
            }
        }

        /// <summary>Goes on, and looks at the limits meanwhile.</summary>
        public double[] MeanLimits(TimeSpan time)
        {
            var sums = new double[_limits.Length];
            const int looks = 300;
            for (var look = 0; look < looks; look++)
            {
                Run(time / looks);
                for (var i = 0; i < sums.Length; i++)
                    sums[i] += _limits[i].Value;
            }

            return [.. sums.Select(s => s / looks)];
        }
    }
}
