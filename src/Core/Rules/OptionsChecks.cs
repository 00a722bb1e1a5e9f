using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fleet.Core.Rules;

/// <summary>Options that are checked when the process starts, and again at every reload.</summary>
public static class OptionsChecks
{
    /// <summary>Stops the start when the check finds anything; its lines name the setting, the value and the range.</summary>
    public static OptionsBuilder<T> ValidateWith<T>(this OptionsBuilder<T> builder, Func<T, IEnumerable<string>> check) where T : class
    {
        builder.Services.AddSingleton<IValidateOptions<T>>(new Check<T>(check));
        return builder.ValidateFirst();
    }

    /// <summary>Stops the start before it writes anything, if a validator of these options finds something.</summary>
    public static OptionsBuilder<T> ValidateFirst<T>(this OptionsBuilder<T> builder) where T : class
    {
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartCheck, StartCheck<T>>());
        // For hosts that check the options of all their parts at once.
        return builder.ValidateOnStart();
    }

    private sealed class Check<T>(Func<T, IEnumerable<string>> check) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var errors = check(options).ToList();
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }

    private sealed class StartCheck<T>(IOptions<T> options) : IStartCheck where T : class
    {
        public Task CheckAsync(CancellationToken ct)
        {
            _ = options.Value;
            return Task.CompletedTask;
        }
    }
}
