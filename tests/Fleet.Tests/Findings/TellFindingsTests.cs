using Fleet.Core.Actors;
using Fleet.Core.Findings;
using Fleet.Core.Live;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.House;

namespace Fleet.Tests.Findings;

/// <summary>Each sentence about what is wrong, and when it is not said.</summary>
public sealed class TellFindingsTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 14, 2, 10, TimeSpan.Zero);

    private static readonly DateTimeOffset TwoHoursAgo = Now.AddHours(-2);

    [Fact]
    public void Execute_AllIsWell_FindsNothing() => Assert.Empty(TellFindings.Execute(Well()));

    [Fact]
    public void Lane_WithoutWorkers_IsToldWithTheLastOne()
    {
        var lane = new LiveLane("mail", new(812), new(3), new(0), 0, TwoHoursAgo);
        var evidence = Well() with { Figures = Well().Figures with { Lanes = [lane] } };

        var told = Assert.Single(TellFindings.Execute(evidence));
        Assert.Equal("Lane mail: 812 runs are ready, and no worker serves it.", told.Sentence);
        Assert.Equal(
            (FindingSeverity.Error, "lane_without_worker", TwoHoursAgo, "lanes"), (told.Severity, told.Code, told.Since, told.Link));
        var known = evidence with { LastServed = new Dictionary<string, DateTimeOffset> { ["mail"] = Now.AddMinutes(-118) } };
        Assert.Equal("Lane mail: 812 runs are ready, no worker since 12:04 UTC.", Assert.Single(TellFindings.Execute(known)).Sentence);
        var yesterday = evidence with { LastServed = new Dictionary<string, DateTimeOffset> { ["mail"] = Now.AddDays(-1) } };
        Assert.Contains("since 2026-11-30 14:02 UTC", Assert.Single(TellFindings.Execute(yesterday)).Sentence, StringComparison.Ordinal);
        // One run, for a moment only, or with a worker.
        foreach (var fine in new[] { lane with { Slots = 1 }, lane with { OldestReadyAt = Now }, lane with { OldestReadyAt = null } })
            Assert.Empty(TellFindings.Execute(evidence with { Figures = evidence.Figures with { Lanes = [fine] } }));
        Assert.Equal(
            "Lane mail: at least 10,000 runs are ready, and no worker serves it.",
            Assert.Single(TellFindings.Execute(evidence with
            {
                Figures = evidence.Figures with { Lanes = [lane with { Ready = new(10_000, IsAtLeast: true) }] },
            })).Sentence);
    }

    [Fact]
    public void Lane_ThatIsPaused_IsToldWhenRunsWait()
    {
        var lane = new LiveLane(
            "mail", new(812), new(0), new(0), 0, TwoHoursAgo, new LanePause(Now.AddHours(-3), "ana", "provider down"));
        var evidence = Well() with { Figures = Well().Figures with { Lanes = [lane] } };

        var told = One(evidence);
        Assert.Equal("Lane mail: 812 runs are ready, but it is paused by ana since 11:02 UTC (provider down).", told.Sentence);
        Assert.Equal((FindingSeverity.Warning, "lane_paused", "lanes/mail"), (told.Severity, told.Code, told.Link));
        Assert.Empty(
            TellFindings.Execute(evidence with { Figures = evidence.Figures with { Lanes = [lane with { OldestReadyAt = null }] } }));
    }

    [Fact]
    public void Worker_ThatWasAskedToDrainLongAgo_IsTold()
    {
        var worker = new LiveWorker(
            WorkerId.New(Now), "box/7", WorkerState.Active, new Dictionary<string, int>(), TwoHoursAgo, Now, Now.AddSeconds(10),
            TwoHoursAgo);

        Assert.Equal(
            "Worker box/7 has taken no new runs since 12:02 UTC, because somebody asked it to drain.",
            One(Well() with { Figures = Well().Figures with { Workers = [worker] } }).Sentence);
        Assert.Empty(TellFindings.Execute(Well() with
        {
            Figures = Well().Figures with { Workers = [worker with { DrainSince = Now.AddMinutes(-59) }] },
        }));
    }

    [Fact]
    public void Lane_WithAllSlotsInUseForLong_IsBehind()
    {
        var lane = new LiveLane("imports", new(1840), new(0), new(96), 96, Now.AddMinutes(-10));

        Assert.Equal(
            "Lane imports: 1,840 runs are ready, the oldest since 13:52 UTC; all 96 slots are in use.",
            One(Well() with { Figures = Well().Figures with { Lanes = [lane] } }).Sentence);
        foreach (var fine in new[] { lane with { Running = new(95) }, lane with { OldestReadyAt = Now.AddMinutes(-4) } })
            Assert.Empty(TellFindings.Execute(Well() with { Figures = Well().Figures with { Lanes = [fine] } }));
    }

    [Fact]
    public void Leader_Missing_IsToldAfterAWhile()
    {
        var evidence = Well() with { Figures = Well().Figures with { Leader = null }, LastLeaderUntil = TwoHoursAgo };

        Assert.Equal(
            "No scheduler leads since 12:02 UTC: schedules do not fire, and delayed runs do not start.", One(evidence).Sentence);
        Assert.Equal(
            "No scheduler leads: schedules do not fire, and delayed runs do not start.",
            One(evidence with { LastLeaderUntil = null }).Sentence);
        Assert.Empty(TellFindings.Execute(evidence with { LastLeaderUntil = Now.AddSeconds(-20) }));
    }

    [Fact]
    public void Job_ThatNoWorkerOfTheLaneHas_IsTold()
    {
        var evidence = Well() with
        {
            Ready = [new ReadyRuns("imports", "import.stock", new(3), TwoHoursAgo)],
            Offered = new Dictionary<string, IReadOnlySet<string>> { ["imports"] = new HashSet<string> { "import.orders" } },
        };

        Assert.Equal(
            "Job import.stock: 3 runs are ready in lane imports since 12:02 UTC, and none of its workers has this job.",
            One(evidence).Sentence);
        // A lane without workers is a finding of its own.
        Assert.Empty(TellFindings.Execute(evidence with { Offered = new Dictionary<string, IReadOnlySet<string>>() }));
        Assert.Empty(TellFindings.Execute(evidence with { Ready = [evidence.Ready[0] with { Job = "import.orders" }] }));
        Assert.Empty(TellFindings.Execute(evidence with { Ready = [evidence.Ready[0] with { Oldest = Now }] }));
    }

    [Fact]
    public void Schedules_OfAJobThatNobodyOffers_AreTold()
    {
        Assert.Equal(
            "Schedule a fires job gone, which no worker offers now.", One(Well() with { UnknownJobs = [("gone", 1, "a")] }).Sentence);
        Assert.Equal(
            "12 schedules, such as a, fire job gone, which no worker offers now.",
            One(Well() with { UnknownJobs = [("gone", 12, "a")] }).Sentence);
    }

    [Fact]
    public void Run_BeyondItsTimeout_IsStuck()
    {
        var run = new LongRun(RunId.New(Now), "slow", Now.AddMinutes(-12), TimeSpan.FromMinutes(10));

        Assert.Equal(
            $"Run {run.Id} of job slow has executed for 12 min; its timeout is 10 min.", One(Well() with { Longest = [run] }).Sentence);
        Assert.Equal($"runs/{run.Id}", One(Well() with { Longest = [run] }).Link);
        Assert.Empty(TellFindings.Execute(Well() with { Longest = [run with { Timeout = TimeSpan.FromMinutes(11.5) }] }));
        Assert.Empty(TellFindings.Execute(Well() with { Longest = [run with { Timeout = null }] }));
        Assert.Equal(
            $"Run {run.Id} of job slow has executed for 1 d 1 h.",
            One(Well() with { Longest = [run with { Timeout = null, StartedAt = Now.AddHours(-25) }] }).Sentence);
    }

    [Fact]
    public void Job_ThatFailsOften_IsTold()
    {
        var job = new FailingJob("import.orders", new(214), Now.AddMinutes(-22), "Timeout: shop 42 no answer\n   at Orders.Fetch");

        Assert.Equal(
            "Job import.orders: 214 runs failed in the last hour, the first at 13:40 UTC; the last error: Timeout: shop 42 no answer",
            One(Well() with { Failing = [job] }).Sentence);
        Assert.Equal("runs?q=state%3Afailed%20job%3Aimport.orders%20since%3A1h", One(Well() with { Failing = [job] }).Link);
        Assert.Empty(TellFindings.Execute(Well() with { Failing = [job with { Count = new(4) }] }));
    }

    /// <summary>How many of the job's runs ended in the last hour, and in the same hour of the day before; what is said.</summary>
    [Theory]
    [InlineData(5, 99_995, 0, 0, null)]
    [InlineData(5, 495, 0, 0, "5 of 500 runs (1 %) failed in the last hour, the first")]
    [InlineData(5, 496, 0, 0, null)]
    [InlineData(20, 1980, 4, 796, "20 of 2,000 runs (1 %) failed in the last hour, 0.5 % in the same hour of the day before, the first")]
    [InlineData(20, 1980, 5, 795, null)]
    [InlineData(60, 1140, 60, 1140, "60 of 1,200 runs (5 %) failed in the last hour, 5 % in the same hour of the day before, the first")]
    [InlineData(59, 1141, 60, 1140, null)]
    [InlineData(6, 0, 0, 500, "6 of 6 runs (100 %) failed in the last hour, 0 % in the same hour of the day before, the first")]
    public void Job_ThatFails_IsToldByThePartOfItsRuns(int failed, int succeeded, int failedBefore, int succeededBefore, string? said)
    {
        var job = new FailingJob("import.orders", new(failed), Now.AddMinutes(-22), Error: null)
        {
            Ended = new EndedRuns(succeeded, failed),
            EndedBefore = new EndedRuns(succeededBefore, failedBefore),
        };

        var told = TellFindings.Execute(Well() with { Failing = [job] });

        if (said is null)
            Assert.Empty(told);
        else
            Assert.StartsWith($"Job import.orders: {said}", Assert.Single(told).Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(412, 3, 1000, true)]
    [InlineData(20, 10, 1000, true)]
    [InlineData(19, 0, 1000, false)]
    [InlineData(20, 11, 1000, false)]
    [InlineData(20, 0, 100_000, false)]
    public void DeadLetters_ThatGrow_AreTold(int failed, int before, int all, bool isTold)
    {
        var evidence = Well() with { Ended = new EndedRuns(all - failed, failed), EndedBefore = new EndedRuns(500, before) };

        Assert.Equal(isTold, TellFindings.Execute(evidence).Any(f => f.Code == "dead_letters_growing"));
        // Without figures of the day before, nobody can say that they grow.
        Assert.Empty(TellFindings.Execute(evidence with { EndedBefore = null }));
    }

    [Fact]
    public void Workers_OfTwoVersions_AreToldAfterARollout()
    {
        var versions = new[] { ("box/1", "1.3.9", -300), ("box/7", "1.3.9", -290), ("box/2", "1.4.0", -120), ("box/3", "1.4.0", -16) };
        var evidence = WithWorkers([.. versions.Select(v => Worker(v.Item1, v.Item2, v.Item3))]);

        Assert.Equal(
            "Workers of shop have run 2 versions side by side since 12:02 UTC: 1.4.0 (2 workers), 1.3.9 (2 workers).",
            One(evidence).Sentence);
        foreach (var fine in new[]
        {
            // A rollout, one version, another program, a worker that stops, and versions that are not known.
            WithWorkers(Worker("box/1", "1.3.9", -300), Worker("box/2", "1.4.0", -14)),
            WithWorkers(Worker("box/1", "1.4.0", -300), Worker("box/2", "1.4.0", -120)),
            WithWorkers(Worker("box/1", "1.3.9", -300) with { Program = "mail" }, Worker("box/2", "1.4.0", -120)),
            WithWorkers(Worker("box/1", "1.3.9", -300) with { State = WorkerState.Draining }, Worker("box/2", "1.4.0", -120)),
            WithWorkers(Worker("box/1", "", -300), Worker("box/2", "1.4.0", -120)),
        })
            Assert.Empty(TellFindings.Execute(fine));
    }

    /// <summary>Read the file aloud: each finding says what is wrong, since when, and what to do.</summary>
    [Fact]
    public void Findings_OfEveryKind_AreToldInTheApprovedSentences()
    {
        var mail = new LiveLane("mail", new(812), new(3), new(0), 0, TwoHoursAgo);
        var run = new RunId(new Guid("019dc8a0-0000-7000-8000-000000000001"));
        var trouble = Well() with
        {
            Figures = Well().Figures with
            {
                Lanes =
                [
                    mail,
                    mail with { Name = "paused", Pause = new LanePause(TwoHoursAgo, "ana", "provider down") },
                    new LiveLane("imports", new(1840), new(0), new(96), 96, Now.AddMinutes(-10)),
                ],
                Workers =
                [
                    Worker("box/1", "1.3.9", -300), Worker("box/2", "1.4.0", -120) with { DrainSince = TwoHoursAgo },
                    Worker("box/3", "1.4.0", -120) with { HeartbeatAt = Now.AddMinutes(-5), LeaseUntil = Now.AddMinutes(-4) },
                ],
                Failed = new(10_000, IsAtLeast: true),
            },
            LastServed = new Dictionary<string, DateTimeOffset> { ["mail"] = Now.AddMinutes(-118) },
            Ready = [new ReadyRuns("imports", "import.stock", new(3), TwoHoursAgo)],
            Offered = new Dictionary<string, IReadOnlySet<string>> { ["imports"] = new HashSet<string> { "import.orders" } },
            Longest = [new LongRun(run, "slow", Now.AddMinutes(-12), TimeSpan.FromMinutes(10))],
            Failing =
            [
                new FailingJob("import.orders", new(214), Now.AddMinutes(-22), "Timeout: shop 42 no answer\n   at Orders.Fetch")
                {
                    Ended = new EndedRuns(1626, 214),
                    EndedBefore = new EndedRuns(1990, 6),
                },
            ],
            Ended = new EndedRuns(50_000, 412),
            EndedBefore = new EndedRuns(50_000, 3),
            LeftOver =
            [
                (
                    new LeftOverSchedule("report.old", Actor.Create(ActorKind.Program, "shop 1.4.0 on box/9"), "code", Now.AddDays(-3)),
                    TwoHoursAgo),
            ],
            Unplanned = [("report.daily", TwoHoursAgo)],
            Missed = [new MissedFireTimes("report.hourly", TwoHoursAgo, TwoHoursAgo.AddMinutes(2), 3, TwoHoursAgo.AddMinutes(5))],
            UnknownJobs = [("gone", 12, "report.a")],
            Outbox = new OutboxLag(new(31), TwoHoursAgo, 4),
            Parked = 2,
            DatabaseAhead = -TimeSpan.FromSeconds(7.5),
        };
        var nobodyLeads = Well() with { Figures = Well().Figures with { Leader = null }, LastLeaderUntil = TwoHoursAgo };

        var told = TellFindings.OfComponents([("broker", true, "It does not answer."), ("database", false, "slow")])
            .Concat(TellFindings.Execute(nobodyLeads)).Concat(TellFindings.Execute(trouble)).ToList();

        Approved.Check(
            string.Join('\n', told.Select(f =>
                $"{f.Severity} {f.Code}{(f.Link is { } link ? $" ({link})" : "")}{(f.Since is { } since ? $", since {since:u}" : "")}\n"
                + $"    {f.Sentence}\n    {f.Advice}")),
            "findings.approved.txt");
        // Every code of the table is there.
        Assert.Equal(20, told.Select(f => f.Code).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Schedule_WithoutItsRun_IsToldWhileSomebodyLeads()
    {
        var evidence = Well() with { Unplanned = [("report.daily", TwoHoursAgo)] };

        Assert.Equal("Schedule report.daily has no run for 12:02 UTC, though a scheduler leads.", One(evidence).Sentence);
        Assert.Empty(TellFindings.Execute(Well() with { Unplanned = [("report.daily", Now.AddSeconds(-10))] }));
        Assert.DoesNotContain(
            TellFindings.Execute(evidence with { Figures = evidence.Figures with { Leader = null } }), f => f.Code == "schedule_late");
    }

    [Fact]
    public void Schedule_ThatMissedFireTimes_IsTold()
    {
        var missed = new MissedFireTimes("report.daily", TwoHoursAgo, TwoHoursAgo, 1, TwoHoursAgo.AddMinutes(5));

        Assert.Equal(
            "Schedule report.daily missed 12:02 UTC; no scheduler planned it until 12:07 UTC.",
            One(Well() with { Missed = [missed] }).Sentence);
        Assert.Equal(
            "Schedule report.daily missed 3 fire times from 12:02 UTC to 12:04 UTC; no scheduler planned it until 12:07 UTC.",
            One(Well() with { Missed = [missed with { Count = 3, Last = TwoHoursAgo.AddMinutes(2) }] }).Sentence);
    }

    [Fact]
    public void Worker_WhoseLeaseHasEnded_IsSilent()
    {
        var worker = new LiveWorker(
            WorkerId.New(Now), "box/7", WorkerState.Active, new Dictionary<string, int>(), TwoHoursAgo, Now.AddSeconds(-30),
            Now.AddSeconds(-20));
        var evidence = Well() with { Figures = Well().Figures with { Workers = [worker] } };

        Assert.Equal("Worker box/7 has been silent since 14:01 UTC.", One(evidence).Sentence);
        // By the clock of the database, its lease still holds.
        Assert.DoesNotContain(
            TellFindings.Execute(evidence with { DatabaseAhead = -TimeSpan.FromSeconds(30) }), f => f.Code == "worker_silent");
    }

    [Fact]
    public void Outbox_Parked_AndClocks_AreTold()
    {
        Assert.Equal(
            "31 events wait to be sent, the oldest since 12:02 UTC; one has failed 4 times.",
            One(Well() with { Outbox = new OutboxLag(new(31), TwoHoursAgo, 4) }).Sentence);
        Assert.Empty(TellFindings.Execute(Well() with { Outbox = new OutboxLag(new(31), Now.AddSeconds(-5), 0) }));
        Assert.Equal(
            "2 messages could not be used; they lie in the queue fleet.parked.", One(Well() with { Parked = 2 }).Sentence);
        Assert.Equal("1 message could not be used; it lies in the queue fleet.parked.", One(Well() with { Parked = 1 }).Sentence);
        Assert.Equal(
            "The clock of the database is 7.5 s behind that of this server.",
            One(Well() with { DatabaseAhead = -TimeSpan.FromSeconds(7.5) }).Sentence);
        Assert.Equal(
            "The clock of the database is 3 min ahead of that of this server.",
            One(Well() with { DatabaseAhead = TimeSpan.FromMinutes(3) }).Sentence);
        Assert.Empty(TellFindings.Execute(Well() with { DatabaseAhead = TimeSpan.FromSeconds(1.5) }));
    }

    [Fact]
    public void Components_ThatAreNotWell_AreTold()
    {
        var told = TellFindings.OfComponents([("broker", true, "The broker does not answer."), ("database", false, "slow")]).ToList();

        Assert.Equal(
            ["The broker is down: The broker does not answer.", "The database is not well: slow."], told.Select(f => f.Sentence));
        Assert.Equal(["broker_down", "database_degraded"], told.Select(f => f.Code));
    }

    [Fact]
    public void Execute_Many_AreBoundedAndInOrder()
    {
        var evidence = Well() with
        {
            UnknownJobs = [.. Enumerable.Range(0, 30).Reverse().Select(i => ($"job-{i:00}", 1, "a"))],
            Parked = 1,
            Figures = Well().Figures with { Leader = null },
        };

        var findings = TellFindings.Execute(evidence);

        Assert.Equal(
            ["no_leader", .. Enumerable.Repeat("schedule_of_unknown_job", TellFindings.MaxPerCode), "messages_parked"],
            findings.Select(f => f.Code));
        Assert.Equal(["job-00", "job-01", "job-02", "job-03", ""], findings.Skip(1).Take(5).Select(f => f.Subject));
        Assert.Equal("There are 26 more findings of this kind (schedule_of_unknown_job).", findings[5].Sentence);
        Assert.Equal(findings, TellFindings.Execute(evidence));
    }

    private static LiveWorker Worker(string name, string version, int startedMinutes) => new(
        WorkerId.New(Now), name, WorkerState.Active, new Dictionary<string, int>(), Now.AddMinutes(startedMinutes), Now, Now.AddSeconds(10),
        Program: "shop", Version: version);

    private static FindingEvidence WithWorkers(params LiveWorker[] workers) =>
        Well() with { Figures = Well().Figures with { Workers = workers } };

    private static Finding One(FindingEvidence evidence) => Assert.Single(TellFindings.Execute(evidence));

    private static FindingEvidence Well() => new()
    {
        Now = Now,
        Figures = new LiveFigures
        {
            At = Now,
            Scheduled = new(0),
            Ready = new(0),
            Running = new(0),
            Failed = new(0),
            OldestReadyAt = null,
            Lanes = [new LiveLane("default", new(5), new(0), new(2), 64, Now.AddSeconds(-1))],
            Workers = [],
            Leader = new LiveLeader("sched-2", 41, Now.AddSeconds(8)),
        },
        Outbox = null,
        Parked = 0,
    };
}
