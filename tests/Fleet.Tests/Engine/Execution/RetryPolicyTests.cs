using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Execution;
using Fleet.Tests.Support;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Engine.Execution;

public sealed class RetryPolicyTests
{
    private static readonly InvalidOperationException Transient = new("transient");
    private static readonly JobDefinition TwoAttempts = JobDefinition.For(typeof(RuledJob));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    public void NextDelay_Default_DoublesWithinTheJitter(int attempt, double seconds)
    {
        var policy = Policy();

        var delays = Enumerable.Range(0, 500).Select(_ => policy.NextDelay(Attempt(attempt), null, Transient)!.Value.TotalSeconds).ToList();

        Assert.All(delays, d => Assert.InRange(d, seconds * 0.8, seconds * 1.2));
        Assert.True(delays.Max() - delays.Min() > seconds * 0.2, "no jitter");
    }

    [Fact]
    public void NextDelay_FourthAttempt_IsTheLast() => Assert.Null(Policy().NextDelay(Attempt(4), null, Transient));

    [Fact]
    public void NextDelay_Replayed_CountsFromTheReplay()
    {
        var policy = Policy(o => o.Jitter = 0);

        Assert.Equal(TimeSpan.FromSeconds(1), policy.NextDelay(Attempt(5) with { AttemptOffset = 4 }, null, Transient));
        Assert.Null(policy.NextDelay(Attempt(8) with { AttemptOffset = 4 }, null, Transient));
    }

    [Fact]
    public void NextDelay_NonRetryable_IsFinal()
    {
        Assert.Null(Policy().NextDelay(Attempt(1), null, new NonRetryableException("no")));
        Assert.Null(Policy().NextDelay(Attempt(1), null, new NoSuchOrderException()));
    }

    [Fact]
    public void NextDelay_RetryAfter_TakesItsDelayWithinBounds()
    {
        var policy = Policy();

        Assert.Equal(
            TimeSpan.FromMinutes(7), policy.NextDelay(Attempt(1), null, new RetryAfterException(TimeSpan.FromMinutes(7), "later")));
        Assert.Equal(TimeSpan.Zero, policy.NextDelay(Attempt(1), null, new RetryAfterException(TimeSpan.FromMinutes(-7), "later")));
        Assert.Equal(RunRules.MaxDelay, policy.NextDelay(Attempt(1), null, new RetryAfterException(TimeSpan.MaxValue, "later")));
        Assert.Null(policy.NextDelay(Attempt(4), null, new RetryAfterException(TimeSpan.FromMinutes(7), "later")));
    }

    [Theory]
    // The run's own number, the job's in the configuration, the attribute's (2), the general one (4): the first that is given.
    [InlineData(6, 3, true, 6)]
    [InlineData(null, 3, true, 3)]
    [InlineData(null, null, true, 2)]
    [InlineData(null, null, false, 4)]
    [InlineData(1, 3, true, 1)]
    public void NextDelay_SeveralLimits_TheNearestCounts(int? ofRun, int? configured, bool withJob, int expected)
    {
        var policy = Policy(o =>
        {
            if (configured is { } attempts)
                o.Jobs["test.ruled"] = new RetryRule { MaxAttempts = attempts };
        });

        var job = withJob ? TwoAttempts : null;
        Assert.Null(policy.NextDelay(Attempt(expected) with { MaxAttempts = ofRun }, job, Transient));
        var from = ofRun is not null ? AttemptLimitSource.Run
            : configured is not null ? AttemptLimitSource.JobSetting
            : withJob ? AttemptLimitSource.Job : AttemptLimitSource.Setting;
        Assert.Equal(
            new RetryDecision(RetryVerdict.AttemptsUsed, new AttemptLimit(expected, from)),
            policy.Decide(Attempt(expected) with { MaxAttempts = ofRun }, job, Transient).Decision);
        if (expected > 1)
            Assert.NotNull(policy.NextDelay(Attempt(expected - 1) with { MaxAttempts = ofRun }, job, Transient));
    }

    [Fact]
    public void NextDelay_RuleOfTheJob_FillsItsGapsFromTheGeneralRule()
    {
        var policy = Policy(o =>
        {
            o.Jitter = 0;
            o.Factor = 3;
            o.Jobs["test.ruled"] = new RetryRule { FirstDelay = TimeSpan.FromSeconds(10), MaxDelay = TimeSpan.FromSeconds(50) };
        });

        Assert.Equal(TimeSpan.FromSeconds(10), policy.NextDelay(Attempt(1), null, Transient));
        Assert.Equal(TimeSpan.FromSeconds(30), policy.NextDelay(Attempt(2), null, Transient));
        Assert.Equal(TimeSpan.FromSeconds(50), policy.NextDelay(Attempt(3), null, Transient));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 3600)]
    public void NextDelay_HundredsOfAttempts_StaysInRange(double firstSeconds, double expectedSeconds)
    {
        // 10^900 is infinite as a double, and 0 times infinity is no number.
        var policy = Policy(o =>
        {
            o.MaxAttempts = 1000;
            o.Factor = 10;
            o.Jitter = 0;
            o.FirstDelay = TimeSpan.FromSeconds(firstSeconds);
        });

        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), policy.NextDelay(Attempt(901), null, Transient));
    }

    [Fact]
    public void NextDelay_InvalidReload_KeepsTheLastGoodEvenWhenNobodyReadIt()
    {
        var monitor = new Monitor();
        var policy = new RetryPolicy(monitor);

        monitor.Reload(new RetryOptions { MaxAttempts = 2 });
        monitor.Break();

        Assert.NotNull(policy.NextDelay(Attempt(1), null, Transient));
        Assert.Null(policy.NextDelay(Attempt(2), null, Transient));
    }

    private static RetryPolicy Policy(Action<RetryOptions>? configure = null)
    {
        var options = new RetryOptions();
        configure?.Invoke(options);
        return new RetryPolicy(new Monitor(options));
    }

    private static ClaimedRun Attempt(int number) => new()
    {
        Id = new RunId(Guid.Empty),
        Job = "test.ruled",
        Lane = "default",
        Args = "{}",
        Attempt = number,
        AttemptOffset = 0,
        MaxAttempts = null,
        LeaseToken = 1,
        DueAt = DateTimeOffset.UnixEpoch,
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    private sealed class NoSuchOrderException() : NonRetryableException("There is no such order.");

    /// <summary>Behaves as the framework's: a value that fails its validation is thrown to readers and not told to listeners.</summary>
    private sealed class Monitor(RetryOptions? options = null) : IOptionsMonitor<RetryOptions>
    {
        private RetryOptions? _current = options ?? new RetryOptions();
        private Action<RetryOptions, string?>? _listeners;

        public RetryOptions CurrentValue => _current ?? throw new OptionsValidationException("", typeof(RetryOptions), ["bad"]);

        public RetryOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<RetryOptions, string?> listener)
        {
            _listeners += listener;
            return null;
        }

        public void Reload(RetryOptions options)
        {
            _current = options;
            _listeners?.Invoke(options, null);
        }

        public void Break() => _current = null;
    }
}
