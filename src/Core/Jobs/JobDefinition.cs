using System.Reflection;
using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Core.Jobs;

/// <summary>A job of this process: its name and rules, and how its handler is called.</summary>
public abstract class JobDefinition
{
    private readonly ObjectFactory _factory;
    private SecretMembers? _secrets;

    private protected JobDefinition(Type argsType, Type handlerType)
    {
        var attribute = argsType.GetCustomAttribute<JobAttribute>()!;
        ArgsType = argsType;
        HandlerType = handlerType;
        Name = attribute.Name;
        Lane = attribute.Lane;
        Aliases = attribute.Aliases;
        Description = attribute.Description;
        MaxAttempts = attribute.MaxAttempts == 0 ? null : attribute.MaxAttempts;
        Timeout = attribute.Timeout is null ? null : ParseTimeout(attribute.Timeout, argsType);
        foreach (var name in Aliases.Prepend(Name))
            Require(RunRules.CheckName("[Job] name", name), argsType);
        Require(RunRules.CheckLane(Lane), argsType);
        Require(RunRules.CheckMaxAttempts(MaxAttempts), argsType);
        if (ReadableTypes.FindProblem(argsType) is { } problem)
            throw new InvalidOperationException($"{handlerType} handles {argsType}, whose args no run could bring: {problem}.");
        try
        {
            _factory = ActivatorUtilities.CreateFactory(handlerType, []);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException(
                $"The handler of job '{Name}', {handlerType}, cannot be made: it has {handlerType.GetConstructors().Length} public "
                    + "constructors; allowed is one, or one that is marked with [ActivatorUtilitiesConstructor].", e);
        }
    }

    public string Name { get; }

    /// <summary>The members of the args that are secret in this process's version of the job.</summary>
    public SecretMembers Secrets =>
        LazyInitializer.EnsureInitialized(ref _secrets, () => SecretMembers.Of([JobSchemas.SchemaOf(ArgsType)]));

    public string Lane { get; }

    public IReadOnlyList<string> Aliases { get; }

    public string? Description { get; }

    public int? MaxAttempts { get; }

    public TimeSpan? Timeout { get; }

    public Type ArgsType { get; }

    public Type HandlerType { get; }

    /// <summary>The middleware around the handler, the outermost first.</summary>
    public IReadOnlyList<Type> Middleware { get; internal set; } = [];

    /// <summary>Calls the handler, made in the given scope, and the middleware around it.</summary>
    /// <param name="services">The scope of the attempt.</param>
    /// <param name="argsJson">The args of the run.</param>
    /// <param name="context">The run at hand; a returned result becomes its output.</param>
    /// <param name="ct">The token that the handler sees.</param>
    /// <exception cref="ArgsRefusedException">The args do not fit the args type; no middleware was called.</exception>
    /// <exception cref="UnservedException">The args lack a member that the args type requires; no middleware was called.</exception>
    public Task InvokeAsync(IServiceProvider services, string argsJson, JobContext context, CancellationToken ct) => Middleware.Count == 0
        ? CallAsync(services, argsJson, context, ct)
        : CallThroughMiddlewareAsync(services, argsJson, context, ct);

    /// <summary>Describes the job that a handler handles.</summary>
    /// <exception cref="InvalidOperationException">The type is no handler, or its args type's attribute is not well formed.</exception>
    public static JobDefinition For(Type handler) => For(JobRegistration.For(handler));

    /// <summary>Describes the job of a handler that was registered.</summary>
    /// <exception cref="InvalidOperationException">The attribute of the args type is not well formed.</exception>
    public static JobDefinition For(JobRegistration registration)
    {
        var (handler, arguments) = (registration.Handler, registration.Handles.GetGenericArguments());
        var definition = arguments.Length == 1
            ? typeof(PlainJobDefinition<,>).MakeGenericType(arguments[0], handler)
            : typeof(ResultJobDefinition<,,>).MakeGenericType(arguments[0], arguments[1], handler);
        try
        {
            return (JobDefinition)Activator.CreateInstance(definition)!;
        }
        catch (TargetInvocationException e) when (e.InnerException is InvalidOperationException inner)
        {
            throw new InvalidOperationException(inner.Message, inner);
        }
    }

    /// <summary>Calls the handler without middleware. Apart from the other way, so that it allocates nothing for it.</summary>
    private protected abstract Task CallAsync(IServiceProvider services, string argsJson, JobContext context, CancellationToken ct);

    /// <summary>Calls the handler as the last step of its middleware, and gives the invocation the result.</summary>
    internal abstract Task CallAsync(IServiceProvider services, JobInvocation invocation, CancellationToken ct);

    private protected abstract object ReadArgs(string argsJson);

    /// <summary>Makes the result of an invocation the output of the run.</summary>
    private protected abstract void TakeResult(JobInvocation invocation);

    private async Task CallThroughMiddlewareAsync(IServiceProvider services, string argsJson, JobContext context, CancellationToken ct)
    {
        var invocation = new JobInvocation(context, ReadArgs(argsJson));
        var chain = new MiddlewareChain(this, services, invocation);
        await chain.CallAsync(0, ct);
        // A handler that was skipped or failed has no result, unless a middleware gave one.
        if (invocation.Result is not null || chain.HandlerReturned)
            TakeResult(invocation);
    }

    private protected static void Take<T>(JobContext context, T result)
    {
        if (context is IResultTaker taker)
            taker.TakeResult(result);
        else
            context.SetOutput(result);
    }

    private protected object MakeHandler(IServiceProvider services)
    {
        var handler = _factory(services, null);
        if (handler is IAsyncDisposable or IDisposable)
            services.GetService<HandlerOwner>()?.Own(handler);
        return handler;
    }

    /// <summary>The task of a handler.</summary>
    /// <exception cref="InvalidOperationException">The handler returned null in the place of a task.</exception>
    private protected T Returned<T>(T? task) where T : Task => task ?? throw new InvalidOperationException(
        $"The handler of job '{Name}' returned null; RunAsync has to return a Task.");

    /// <summary>Reads args as the handler will get them.</summary>
    /// <param name="argsJson">The args of a run.</param>
    /// <returns>What is wrong, by field; null when they can be read.</returns>
    public InputError? CheckArgs(string argsJson)
    {
        try
        {
            return JsonSerializer.Deserialize(argsJson, ArgsType, FleetJson.Payload) is null
                ? Refuse(new JsonException("They are null."), argsJson)
                : null;
        }
        catch (Exception e)
        {
            return Refuse(e, argsJson);
        }
    }

    /// <summary>A message of System.Text.Json without the position, which says nothing about args that were written anew.</summary>
    internal static string WithoutPosition(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private protected TArgs ReadArgs<TArgs>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<TArgs>(json, FleetJson.Payload)
                ?? throw new ArgsRefusedException($"The args of job '{Name}' are null.");
        }
        catch (Exception e) when (e is not NonRetryableException)
        {
            if (e is JsonException && MissingArgs.Find(typeof(TArgs), json) is { } missing)
                throw new UnservedException($"{missing} is missing: job '{Name}' needs it in this worker's version.", e);
            // Whatever a constructor or a converter throws: the same args would make it throw again.
            throw new ArgsRefusedException($"The args do not fit job '{Name}': {Refuse(e, json).Message}", e);
        }
    }

    /// <summary>Names the field that an exception is about: by its path, or by the parameter that a constructor refused.</summary>
    private InputError Refuse(Exception e, string argsJson)
    {
        var path = e switch
        {
            JsonException { Path: { } steps } => steps.TrimStart('$'),
            ArgumentException { ParamName: { Length: > 0 } parameter } => "." + JsonNamingPolicy.CamelCase.ConvertName(parameter),
            _ => "",
        };
        var field = RunRules.Show("args" + path);
        var value = path.Length == 0 || !TryParse(argsJson, out var args) ? null
            : Secrets.Contains(path.Split(['.', '[', ']', '\''], StringSplitOptions.RemoveEmptyEntries)) ? SecretAttribute.Redacted
            // An object may hold secrets.
            : Secrets.ValuesIn(argsJson).CutOf(JsonPath.Show(args, path));
        var reason = RunRules.Show(Secrets.ValuesIn(argsJson).CutOf(WithoutPosition(e.Message)), 300);
        return new InputError(
            "invalid_argument", field, $"{field}: {(value is null ? "they do" : $"'{value}' does")} not fit job '{Name}': {reason}", value);
    }

    /// <summary>A row that another program wrote may hold no JSON at all.</summary>
    private static bool TryParse(string json, out JsonElement args)
    {
        try
        {
            args = JsonElement.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            args = default;
            return false;
        }
    }

    /// <summary>Whether an attempt may be limited to this time: 1 ms to 30 days. A timer takes no more than 49.</summary>
    public static bool IsTimeout(TimeSpan timeout) => timeout >= TimeSpan.FromMilliseconds(1) && timeout <= TimeSpan.FromDays(30);

    private static TimeSpan ParseTimeout(string text, Type argsType) =>
        Durations.TryParse(text, out var timeout) && IsTimeout(timeout)
            ? timeout
            : throw new InvalidOperationException(
                $"[Job] on {argsType}: Timeout '{text}' is not allowed; allowed is 1 ms to 30 days, written as {Durations.Allowed}.");

    private static void Require(InputError? error, Type argsType)
    {
        if (error is not null)
            throw new InvalidOperationException($"[Job] on {argsType}: {error.Message}");
    }
}

/// <summary>Takes what a handler returned. Unlike <see cref="JobContext.SetOutput"/> it never throws: the work is done by then.</summary>
public interface IResultTaker
{
    /// <summary>Makes the result the output of the run.</summary>
    void TakeResult<T>(T result);
}

internal sealed class PlainJobDefinition<TArgs, THandler>() : JobDefinition(typeof(TArgs), typeof(THandler))
    where THandler : IJob<TArgs>
{
    private protected override async Task CallAsync(IServiceProvider services, string argsJson, JobContext context, CancellationToken ct)
    {
        var args = ReadArgs<TArgs>(argsJson);
        await Returned(((THandler)MakeHandler(services)).RunAsync(args, context, ct));
    }

    internal override Task CallAsync(IServiceProvider services, JobInvocation invocation, CancellationToken ct) =>
        Returned(((THandler)MakeHandler(services)).RunAsync((TArgs)invocation.Args, invocation.Context, ct));

    private protected override object ReadArgs(string argsJson) => ReadArgs<TArgs>(argsJson)!;

    private protected override void TakeResult(JobInvocation invocation)
    {
        if (invocation.Result is { } given)
            Take(invocation.Context, given);
    }
}

internal sealed class ResultJobDefinition<TArgs, TResult, THandler>() : JobDefinition(typeof(TArgs), typeof(THandler))
    where THandler : IJob<TArgs, TResult>
{
    private protected override async Task CallAsync(IServiceProvider services, string argsJson, JobContext context, CancellationToken ct)
    {
        var args = ReadArgs<TArgs>(argsJson);
        Take(context, await Returned(((THandler)MakeHandler(services)).RunAsync(args, context, ct)));
    }

    internal override async Task CallAsync(IServiceProvider services, JobInvocation invocation, CancellationToken ct) =>
        invocation.Result = await Returned(((THandler)MakeHandler(services)).RunAsync((TArgs)invocation.Args, invocation.Context, ct));

    private protected override object ReadArgs(string argsJson) => ReadArgs<TArgs>(argsJson)!;

    private protected override void TakeResult(JobInvocation invocation)
    {
        // As its declared type, where it still is one: JSON may depend on that.
        if (invocation.Result is null or TResult)
            Take(invocation.Context, (TResult?)invocation.Result);
        else
            Take(invocation.Context, invocation.Result);
    }
}
