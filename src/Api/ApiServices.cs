using System.Diagnostics;
using Fleet.Api.Access;
using Fleet.Api.Checks;
using Fleet.Api.Contract;
using Fleet.Api.DeadLetters;
using Fleet.Api.Events;
using Fleet.Api.Findings;
using Fleet.Api.Jobs;
using Fleet.Api.Lanes;
using Fleet.Api.OpenApi;
using Fleet.Api.Operations;
using Fleet.Api.Runs;
using Fleet.Api.Schedules;
using Fleet.Api.Statistics;
using Fleet.Api.Views;
using Fleet.Api.Workers;
using Fleet.Core.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Api;

/// <summary>The HTTP API. It needs no state of its own: any process that reaches the database can serve it.</summary>
public static class ApiServices
{
    /// <summary>The group of the endpoints in API descriptions. A description that names no group leaves them out, so that of the
    /// program around Fleet stays as it is.</summary>
    public const string DescriptionGroup = "fleet";

    /// <summary>The setting: the path below which a reverse proxy serves the API, such as <c>/fleet</c>.</summary>
    public const string PathBaseKey = "Fleet:Api:PathBase";

    /// <summary>Adds what the endpoints need.</summary>
    public static IServiceCollection AddFleetApi(this IServiceCollection services)
    {
        services.TryAddSingleton<ExceptionProblems>();
        services.TryAddSingleton<MappedApis>();
        services.TryAddSingleton<OpenAccess>();
        services.AddHostedService(provider => provider.GetRequiredService<OpenAccess>());
        services.TryAddSingleton<BoundAccess>();
        services.TryAddSingleton<FailedSignIns>();
        services.TryAddSingleton<CallerLimits>();
        services.TryAddSingleton<Admission>();
        services.TryAddSingleton(
            provider => new HealthDetails(provider.GetRequiredService<Admission>(), provider.GetRequiredService<IStorage>()));
        services.TryAddSingleton<ComponentStates>();
        services.TryAddSingleton<EventHub>();
        services.AddFleetOpenApi();
        return services;
    }

    /// <summary>Lets people and programs in whom an OIDC provider knows.</summary>
    public static IServiceCollection AddFleetProvider(this IServiceCollection services, Func<IServiceProvider, IProviderAccess> provider) =>
        services.AddSingleton(provider).AddSingleton<ProviderSignIn>();

    /// <summary>Refuses requests for host names that are not ours, and calls of other sites' pages: for programs that are Fleet alone.
    /// Comes before everything else of the pipeline. <see cref="AllowedHosts"/> has the rules.</summary>
    /// <exception cref="InvalidOperationException">The setting <see cref="AllowedHosts.Key"/> or <c>Fleet:Api:Proxies</c> is not well
    /// formed.</exception>
    public static WebApplication UseFleetGate(this WebApplication app)
    {
        var hosts = new AllowedHosts(app.Configuration[AllowedHosts.Key], app.Services.GetRequiredService<IServer>());
        if (TrustedProxies.Read(app.Configuration) is { } proxies)
            app.UseForwardedHeaders(proxies);
        app.Services.GetRequiredService<OpenAccess>().IsBehindGate = true;
        var gate = new RequestGate(hosts);
        app.Use(gate.InvokeAsync);
        BadRequestAnswers.Subscribe(app.Services.GetRequiredService<DiagnosticListener>());
        return app;
    }

    /// <summary>Takes the path that a reverse proxy puts in front of ours off a request, for programs that are Fleet alone. A proxy that
    /// takes it off itself is served alike: links have it either way.</summary>
    /// <exception cref="InvalidOperationException">The setting <see cref="PathBaseKey"/> is no path.</exception>
    public static WebApplication UseFleetPathBase(this WebApplication app)
    {
        if (app.Configuration[PathBaseKey]?.TrimEnd('/') is not { Length: > 0 } setting)
            return app;
        if (setting[0] != '/' || setting.Any(c => c is '?' or '#' or '%' or '\\' || char.IsWhiteSpace(c) || char.IsControl(c)))
            throw new InvalidOperationException($"{PathBaseKey}: '{setting}' is not allowed; expected a path such as /fleet.");
        var prefix = new PathString(setting);
        app.Use((http, next) =>
        {
            if (http.Request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase, out var matched, out var rest))
                (http.Request.PathBase, http.Request.Path) = (http.Request.PathBase + matched, rest);
            else
                http.Request.PathBase += prefix;
            return next(http);
        });
        return app;
    }

    /// <summary>Answers what no endpoint answers (an unknown path, a wrong method, an unexpected error) with a problem document: for
    /// programs that are Fleet alone.</summary>
    public static WebApplication UseFleetProblems(this WebApplication app)
    {
        var problems = app.Services.GetRequiredService<ExceptionProblems>();
        app.Use(problems.InvokeAsync);
        app.UseStatusCodePages(async context =>
        {
            var status = context.HttpContext.Response.StatusCode;
            var code = status switch { 404 => "not_found", 405 => "method_not_allowed", 415 => "unsupported_media_type", _ => "refused" };
            await Problems.Make(status, code, $"{context.HttpContext.Request.Method} on this path is answered with {status}.")
                .ExecuteAsync(context.HttpContext);
        });
        // Without this call, ASP.NET Core chooses the endpoint before the middleware above.
        app.UseRouting();
        return app;
    }

    /// <summary>Maps <c>/api/v1</c>. Everything that these endpoints need is attached to them, so other endpoints of the program do not
    /// change.</summary>
    /// <returns>Takes what applies to all of the endpoints, such as an authorization policy.</returns>
    public static IEndpointConventionBuilder MapFleetApi(this IEndpointRouteBuilder endpoints)
    {
        var problems = endpoints.ServiceProvider.GetRequiredService<ExceptionProblems>();
        var admission = endpoints.ServiceProvider.GetRequiredService<Admission>();
        var options = endpoints.ServiceProvider.GetRequiredService<AccessOptions>();
        var isFirst = endpoints.ServiceProvider.GetRequiredService<MappedApis>().Add() == 1;
        var api = endpoints.MapGroup("/api/v1").WithGroupName(DescriptionGroup);
        GetProblemsEndpoints.Map(endpoints);
        // If the program has an OIDC provider.
        endpoints.ServiceProvider.GetService<ProviderSignIn>()?.Map(endpoints);
        GetOpenApiEndpoints.Map(api);
        EnqueueRunsEndpoints.Map(api);
        GetRunsEndpoints.Map(api);
        CountRunsEndpoints.Map(api);
        GetRunPartsEndpoints.Map(api);
        ExplainRunsEndpoints.Map(api);
        GetDeadLettersEndpoints.Map(api);
        DeadGroupsEndpoints.Map(api);
        ChangeDeadLettersEndpoints.Map(api);
        ExportDeadLettersEndpoints.Map(api);
        ImportDeadLettersEndpoints.Map(api);
        SavedViewsEndpoints.Map(api);
        CancelRunsEndpoints.Map(api);
        DeleteRunsEndpoints.Map(api);
        ReplayRunsEndpoints.Map(api);
        PutSchedulesEndpoints.Map(api);
        GetSchedulesEndpoints.Map(api);
        ControlSchedulesEndpoints.Map(api);
        BackfillSchedulesEndpoints.Map(api);
        GetScheduleFiguresEndpoints.Map(api);
        GetOutcomesEndpoints.Map(api);
        NextFireTimesEndpoints.Map(api);
        DiffSchedulesEndpoints.Map(api);
        ExplainOccurrencesEndpoints.Map(api);
        DescribeTriggersEndpoints.Map(api);
        SimulateSchedulesEndpoints.Map(api);
        GetCalendarEndpoints.Map(api);
        GetJobsEndpoints.Map(api);
        GetStatisticsEndpoints.Map(api);
        GetLanesEndpoints.Map(api);
        GetFindingsEndpoints.Map(api);
        GetChecksEndpoints.Map(api);
        GetVersionEndpoints.Map(api);
        GetFiguresEndpoints.Map(api);
        GetEventsEndpoints.Map(api);
        PauseLanesEndpoints.Map(api);
        GetWorkersEndpoints.Map(api);
        DrainWorkersEndpoints.Map(api);
        WhoAmIEndpoints.Map(api);
        KeysEndpoints.Map(api);
        SessionsEndpoints.Map(api);
        AuditEndpoints.Map(api);
        OperationsEndpoints.Map(api);
        ((IEndpointConventionBuilder)api).Finally(endpoint =>
        {
            // Names of endpoints are unique in a program, so Fleet's begin with "fleet.", and only the first mapping has them.
            EndpointContracts.Apply(endpoint, contract => isFirst ? $"{DescriptionGroup}.{contract.Name}" : null);
            var access = EndpointAccess.Of(endpoint, options);
            if (access.Kind == AccessKind.Anonymous)
                endpoint.Metadata.Add(new OpenAccess.OpenToAnyone());
            var handle = endpoint.RequestDelegate!;
            RequestDelegate check = http => EndpointRules.CheckAsync(http, handle);
            RequestDelegate admit = http => admission.AdmitAsync(http, access, check);
            endpoint.RequestDelegate = http => problems.InvokeAsync(http, admit);
        });
        return api;
    }

    /// <summary>How often the API was mapped in this program.</summary>
    private sealed class MappedApis
    {
        private int _count;

        public int Add() => Interlocked.Increment(ref _count);
    }
}
