using Fleet.Core.Access;
using Fleet.Core.DeadLetters;
using Fleet.Core.Checks;
using Fleet.Core.Explain;
using Fleet.Core.Findings;
using Fleet.Core.Gates;
using Fleet.Core.Inbox;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Live;
using Fleet.Core.Loops;
using Fleet.Core.Operations;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Search;
using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Core;

/// <summary>Registration of the verbs.</summary>
public static class CoreServices
{
    /// <summary>Adds everything in Core; storage and transport are added apart.</summary>
    public static IServiceCollection AddFleetCore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new LaneOptions());
        services.TryAddSingleton(new DemandOptions());
        return services
            .AddScoped<HandlerOwner>()
            .AddSingleton<JobRegistry>().AddSingleton<JobCatalog>().AddSingleton<PublishJobs>().AddSingleton<ArgsSchemas>()
            .AddSingleton<SecretArgs>()
            .AddSingleton<DatabaseClock>().AddSingleton<RecordEnds>()
            .AddSingleton<Wakers>().AddSingleton<NudgePublisher>().AddSingleton<DeadCopies>()
            .AddSingleton<NamedLanes>().AddSingleton<PauseLanes>().AddSingleton<LaneFigures>()
            .AddSingleton<EnqueueRuns>().AddSingleton<SubmitRuns>()
            .AddSingleton<IGate, OverlapGate>().AddSingleton<IGate, LastChanceGate>().AddSingleton<IRunGates, PassGates>()
            .AddSingleton<ClaimRuns>()
            .AddSingleton<FindMutes>().AddSingleton<MuteGroups>().AddSingleton<GetGroups>().AddSingleton<SampleArgs>()
            .AddSingleton<DiscardRuns>().AddSingleton<ReplayEdited>()
            .AddSingleton<CompleteRuns>().AddSingleton<EndAttempts>()
            .AddSingleton<HoldRetries>().AddSingleton<FailRuns>().AddSingleton<ReleaseRuns>().AddSingleton<WakeUnserved>()
            .AddSingleton<RescueRuns>().AddSingleton<CancelRuns>().AddSingleton<DeleteRuns>()
            .AddSingleton<ReplayRuns>().AddSingleton<StageRuns>().AddSingleton<Reconcile>().AddSingleton<PruneRuns>()
            .AddSingleton<NudgeWaiting>()
            .AddSingleton<GetRuns>().AddSingleton<FindAttemptLimits>()
            .AddSingleton<ReadRunFacts>().AddSingleton<ExplainRuns>().AddSingleton<ExplainOccurrences>()
            .AddSingleton<SecretTerms>().AddSingleton<SearchRuns>().AddSingleton<CountRuns>()
            .AddSingleton<GetViews>().AddSingleton<PutViews>().AddSingleton<DeleteViews>()
            .AddSingleton<PreviewOperations>().AddSingleton<CreateOperations>().AddSingleton<CancelOperations>()
            .AddSingleton<GetOperations>().AddSingleton<ExecuteOperations>().AddSingleton<PruneOperations>()
            .AddSingleton<MergeRollups>().AddSingleton<PruneFigures>().AddSingleton<PruneAudit>()
            .AddSingleton<GetStatistics>().AddSingleton<GetWorkerSamples>()
            .AddSingleton<IFleetClient, FleetClient>().AddSingleton<IScheduleClient, ScheduleClient>()
            .AddSingleton<PlanOccurrences>().AddSingleton<PutSchedules>().AddSingleton<ControlSchedules>()
            .AddSingleton<ScheduleChanges>().AddSingleton<LeftOverSchedules>().AddSingleton<TriggerSchedules>()
            .AddSingleton<DeleteSchedules>().AddSingleton<GetSchedules>().AddSingleton<BackfillSchedules>()
            .AddSingleton<GetScheduleFigures>().AddSingleton<GetOutcomes>()
            .AddSingleton<MeanDurations>().AddSingleton<SimulateSchedules>().AddSingleton<FindCollisions>()
            .AddSingleton<ReadLiveFigures>().AddSingleton<FindChanges>().AddSingleton<FollowRuns>().AddSingleton<GetFindings>()
            .AddSingleton<CheckFleet>()
            .AddSingleton<RegisterWorkers>().AddSingleton<DrainWorkers>().AddSingleton<GetWorkers>().AddSingleton<Heartbeat>()
            .AddSingleton<Credentials>().AddSingleton<CreateKeys>().AddSingleton<GetKeys>().AddSingleton<RevokeKeys>()
            .AddSingleton<SignIn>().AddSingleton<GetSessions>().AddSingleton<ProtectionKeys>().AddSingleton<GetAudit>()
            .AddSingleton<FleetIdentity>().AddSingleton<LeaderLease>()
            .AddSingleton<ReplanSchedules>().AddSingleton<DispatchOutbox>().AddSingleton<AcceptMessages>()
            .AddSingleton<FindHandledMessages>().AddSingleton<CommitMessages>().AddSingleton<MessagesUnderWay>();
    }
}
