//! Helpers: what machine code calls. One function for each line of `whipsnake_ir::Helper`, grouped by theme.
//!
//! Conventions: `extern "C"`; objects are borrowed unless a name or a comment says *steals*; a returned object is owned; NULL or −1 means that an
//! exception is set.

mod abstract_classes;
pub mod arith;
pub(crate) mod attention;
pub mod attribute_stores;
pub mod attributes;
pub mod build;
mod c_callables;
pub mod calls;
pub(crate) mod class_calls;
pub(crate) mod class_series;
mod class_shapes;
pub(crate) mod class_variables;
pub mod closures;
pub mod constructors;
pub(crate) mod consumers;
pub mod containers;
pub mod control;
pub(crate) mod derived_tuples;
pub(crate) mod dict_pool;
mod exception_pool;
pub mod exceptions;
pub mod exit_numbers;
pub(crate) mod fallback;
pub(crate) mod function_pool;
pub mod functions;
pub(crate) mod generator_pool;
pub mod generators;
pub mod globals;
pub(crate) mod heaps;
mod held;
mod identities;
pub mod imports;
pub mod inlined_calls;
pub(crate) mod instance_ends;
pub mod instance_pool;
pub(crate) mod instance_shapes;
pub(crate) mod instance_stub;
pub mod instances;
pub mod iteration;
mod iterator_pool;
pub mod keyword_calls;
mod list_pool;
mod long_ints;
mod lookups;
pub mod matching;
pub(crate) mod named_attributes;
pub mod names;
pub(crate) mod new_dicts;
pub(crate) mod new_instances;
pub(crate) mod new_methods;
mod new_objects;
mod number_texts;
mod object_methods;
pub mod objects;
pub(crate) mod pointers;
pub(crate) mod pools;
mod ranges;
pub mod read_numbers;
mod sets;
pub(crate) mod shapes;
pub mod slices;
pub(crate) mod special;
mod subscripts;
pub mod text;
pub(crate) mod traceback_pool;
pub(crate) mod tuple_pool;
pub mod unpack;
pub mod unpacked_calls;
pub mod unseen_exceptions;
pub mod variables;
pub mod with;
mod words;

use whipsnake_cpython::live::symbols;
use whipsnake_ir::Helper;

/// The address of a helper.
pub fn address(helper: Helper) -> usize {
    match helper {
        // Objects.
        Helper::Dealloc => objects::dealloc as *const () as usize,
        Helper::HotLoop => crate::region::hot_loop as *const () as usize,
        Helper::HotFunction => crate::region::hot_function as *const () as usize,
        Helper::BodyLevels => crate::region::body_levels as *const () as usize,
        Helper::LeaveRegion => crate::region::leave_region as *const () as usize,
        Helper::DestroyPlain => crate::region::destroy_plain as *const () as usize,
        Helper::DestroyUnnoticed => crate::region::destroy_unnoticed as *const () as usize,
        Helper::DestroyNoticed => crate::region::destroy_noticed as *const () as usize,
        Helper::DestroyInRegion => crate::region::destroy_in_region as *const () as usize,
        Helper::PushInlined => crate::region::push_inlined as *const () as usize,
        Helper::NewListOf => build::new_list_of as *const () as usize,
        Helper::NewList => consumers::new_list as *const () as usize,
        Helper::NewSet => consumers::new_set as *const () as usize,
        Helper::MakeRoom => consumers::make_room as *const () as usize,
        Helper::CutList => consumers::cut_list as *const () as usize,
        Helper::SortList => consumers::sort_list as *const () as usize,
        Helper::TupleOfList => consumers::tuple_of_list as *const () as usize,
        Helper::CollectInSet => consumers::collect_in_set as *const () as usize,
        Helper::NewGenerator => generator_pool::new_generator as *const () as usize,
        Helper::FinishGenerator => generator_pool::finish as *const () as usize,
        Helper::PushInit => crate::region::push_init_inlined as *const () as usize,
        Helper::BuildNamed => build::build_named as *const () as usize,
        Helper::BuildMethod => with::build_method as *const () as usize,
        Helper::EnterWhole => with::enter_whole as *const () as usize,
        Helper::NewInstance => crate::region::new_instance as *const () as usize,
        Helper::TrackAgain => pyo3_ffi::PyObject_GC_Track as *const () as usize,
        Helper::NewSequenceIterator => iteration::iter as *const () as usize,
        Helper::NewRangeIterator => iteration::new_range_iterator as *const () as usize,
        Helper::NewDict => new_dicts::new_dict as *const () as usize,
        Helper::PopInlined => crate::region::pop_inlined as *const () as usize,
        Helper::EndInlinedGenerator => crate::region::end_inlined_generator as *const () as usize,
        Helper::FloatPower => libc_pow as *const () as usize,
        Helper::Sine => libc_sin as *const () as usize,
        Helper::Cosine => libc_cos as *const () as usize,
        Helper::Tangent => libc_tan as *const () as usize,
        Helper::ArcTangent => libc_atan as *const () as usize,
        Helper::Exponential => libc_exp as *const () as usize,
        Helper::Iter => iteration::iter as *const () as usize,
        Helper::NewFloat => objects::new_float as *const () as usize,
        Helper::NewInt => objects::new_int as *const () as usize,
        Helper::NewFloatInRegion => crate::region::new_float_in_region as *const () as usize,
        Helper::NewIntInRegion => crate::region::new_int_in_region as *const () as usize,
        Helper::FloatForExit => exit_numbers::float_for_exit as *const () as usize,
        Helper::IntForExit => exit_numbers::int_for_exit as *const () as usize,
        // Calls.
        Helper::Call => crate::native::function_calls::call as *const () as usize,
        Helper::CallWhole => crate::native::whole_calls::call_whole as *const () as usize,
        Helper::CallKwWhole => keyword_calls::call_kw_whole as *const () as usize,
        Helper::CallKw => keyword_calls::call_kw as *const () as usize,
        Helper::CallFunctionEx => unpacked_calls::call_function_ex as *const () as usize,
        Helper::CallFunctionExWhole => unpacked_calls::call_function_ex_whole as *const () as usize,
        Helper::ObjectSize => containers::object_size as *const () as usize,
        Helper::IsInstance => instances::is_instance as *const () as usize,
        Helper::TryIsInstance => instances::try_is_instance as *const () as usize,
        Helper::Str => text::string_of as *const () as usize,
        Helper::Tuple => tuple_pool::tuple_from as *const () as usize,
        Helper::ListAppendFull => symbols::_PyList_AppendTakeRefListResize as *const () as usize,
        Helper::EnterInit => constructors::enter_init as *const () as usize,
        Helper::CallFunction => inlined_calls::call_function as *const () as usize,
        Helper::CallWithName => inlined_calls::call_with_name as *const () as usize,
        Helper::LoadAttrCalling => inlined_calls::load_attr_calling as *const () as usize,
        Helper::GetItemCalling => subscripts::get_item_calling as *const () as usize,
        Helper::NoticeTools => crate::native::tools::notice_tools as *const () as usize,
        Helper::NewFloatFrom => objects::new_float_from as *const () as usize,
        Helper::NewIntFrom => objects::new_int_from as *const () as usize,

        // Values.
        Helper::UnboundLocal => arith::unbound_local as *const () as usize,
        Helper::CallBinary | Helper::CombineInts => arith::call_binary as *const () as usize,
        Helper::Negative => arith::negative as *const () as usize,
        Helper::Invert => arith::invert as *const () as usize,
        Helper::Power => arith::power as *const () as usize,
        Helper::RichCompare => arith::rich_compare as *const () as usize,
        Helper::RichCompareBool => arith::rich_compare_bool as *const () as usize,
        Helper::IsTrue => arith::is_true as *const () as usize,
        Helper::StringsEqual => symbols::_PyUnicode_Equal as *const () as usize,
        Helper::ConcatStrings => pyo3_ffi::PyUnicode_Concat as *const () as usize,
        Helper::AppendString => text::append_string as *const () as usize,

        // Containers.
        Helper::GetItem => containers::get_item as *const () as usize,
        Helper::SetItem => containers::set_item as *const () as usize,
        Helper::DeleteItem => containers::delete_item as *const () as usize,
        Helper::DictGetItem => containers::dict_get_item as *const () as usize,
        Helper::DictSetItem => containers::dict_set_item as *const () as usize,
        Helper::Contains => containers::contains as *const () as usize,
        Helper::SetContains => containers::set_contains as *const () as usize,
        Helper::DictContains => containers::dict_contains as *const () as usize,
        Helper::NumberOfText => read_numbers::number_of_text as *const () as usize,
        Helper::CharacterAt => lookups::character_at as *const () as usize,
        Helper::DictFind => lookups::dict_find as *const () as usize,
        Helper::DictFindOr => lookups::dict_find_or as *const () as usize,
        Helper::DictHas => lookups::dict_has as *const () as usize,
        Helper::DictPut => lookups::dict_put as *const () as usize,
        Helper::SetHas => lookups::set_has as *const () as usize,
        Helper::CompareSets => sets::compare as *const () as usize,
        Helper::NextOfSet => sets::next as *const () as usize,
        Helper::ItemsHave => lookups::items_have as *const () as usize,
        Helper::GetSlice => slices::get_slice as *const () as usize,
        Helper::GetStrided => slices::get_strided as *const () as usize,
        Helper::ListStrided => slices::list_strided as *const () as usize,
        Helper::QuietTruth => arith::quiet_truth as *const () as usize,
        Helper::JoinLists => slices::join_lists as *const () as usize,
        Helper::ListSlice => slices::list_slice as *const () as usize,
        Helper::ExchangeSlice => slices::exchange_slice as *const () as usize,
        Helper::SetListSlice => slices::set_list_slice as *const () as usize,
        Helper::SetSlice => slices::set_slice as *const () as usize,
        Helper::ListAppend => pyo3_ffi::PyList_Append as *const () as usize,
        Helper::ListExtend => build::list_extend as *const () as usize,
        Helper::SetAdd => build::set_add as *const () as usize,
        Helper::SetUpdate => symbols::_PySet_Update as *const () as usize,
        Helper::DictUpdate => build::dict_update as *const () as usize,
        Helper::DictMerge => build::dict_merge as *const () as usize,
        Helper::TryDictMerge => build::try_dict_merge as *const () as usize,
        Helper::PutVariable => class_variables::put_variable as *const () as usize,

        // Building.
        Helper::BuildTuple => build::build_tuple as *const () as usize,
        Helper::BuildList => build::build_list as *const () as usize,
        Helper::BuildSet => build::build_set as *const () as usize,
        Helper::BuildMap => build::build_map as *const () as usize,
        Helper::BuildConstKeyMap => build::build_const_key_map as *const () as usize,
        Helper::BuildString => text::build_string as *const () as usize,
        Helper::BuildSlice => build::build_slice as *const () as usize,

        // Unpacking.
        Helper::UnpackIterable => unpack::unpack_iterable as *const () as usize,
        Helper::UnpackToLocals => unpack::unpack_to_locals as *const () as usize,
        Helper::UnpackItems => unpack::unpack_items as *const () as usize,

        // Text.
        Helper::Format => text::format as *const () as usize,

        // Patterns.
        Helper::Length => matching::length as *const () as usize,
        Helper::MatchClass => matching::match_class as *const () as usize,
        Helper::MatchKeys => matching::match_keys as *const () as usize,

        // Control flow, iteration, generators, exceptions.
        Helper::Poll => control::poll as *const () as usize,
        Helper::GetIter => iteration::get_iter as *const () as usize,
        Helper::IterationEnd => iteration::iteration_end as *const () as usize,
        Helper::ListIteratorEnd => iteration::list_iterator_end as *const () as usize,
        Helper::TupleIteratorEnd => iteration::tuple_iterator_end as *const () as usize,
        Helper::Send => generators::send as *const () as usize,
        Helper::GetYieldFromIter => generators::get_yield_from_iter as *const () as usize,
        Helper::GetAwaitable => generators::get_awaitable as *const () as usize,
        Helper::GetAiter => generators::get_aiter as *const () as usize,
        Helper::GetAnext => generators::get_anext as *const () as usize,
        Helper::EndAsyncFor => generators::end_async_for as *const () as usize,
        Helper::CleanupThrow => generators::cleanup_throw as *const () as usize,
        Helper::Raise => exceptions::raise as *const () as usize,
        Helper::Reraise => exceptions::reraise as *const () as usize,
        Helper::ExceptionMatches => exceptions::exception_matches as *const () as usize,
        Helper::RaisedMatches => unseen_exceptions::raised_matches as *const () as usize,
        Helper::ClearRaised => unseen_exceptions::clear_raised as *const () as usize,
        Helper::DropsQuietly => unseen_exceptions::drops_quietly as *const () as usize,
        Helper::GlobalIs => unseen_exceptions::global_is as *const () as usize,
        Helper::ExceptionGroupMatch => exceptions::exception_group_match as *const () as usize,
        Helper::SetHandledException => pyo3_ffi::PyErr_SetHandledException as *const () as usize,
        Helper::BeforeWith => with::before_with as *const () as usize,
        Helper::BeforeAsyncWith => with::before_async_with as *const () as usize,
        Helper::WithExceptStart => with::with_except_start as *const () as usize,

        // Attributes.
        Helper::LoadAttr => attributes::load_attr as *const () as usize,
        Helper::LoadMethod => attributes::load_method as *const () as usize,
        Helper::StoreAttr => attribute_stores::store_attr as *const () as usize,
        Helper::ReplaceDictValue => attribute_stores::replace_dict_value as *const () as usize,
        Helper::DeleteAttr => attribute_stores::delete_attr as *const () as usize,
        Helper::LoadSuperAttr => attributes::load_super_attr as *const () as usize,
        Helper::SuperAttr => attributes::super_attr as *const () as usize,
        Helper::SuperMethod => attributes::super_method as *const () as usize,

        // Names.
        Helper::LoadGlobal => variables::load_global as *const () as usize,
        Helper::StoreGlobal => variables::store_global as *const () as usize,
        Helper::DeleteGlobal => variables::delete_global as *const () as usize,
        Helper::LoadName => names::load_name as *const () as usize,
        Helper::StoreName => names::store_name as *const () as usize,
        Helper::DeleteName => names::delete_name as *const () as usize,
        Helper::RaiseNoLocals => names::raise_no_locals as *const () as usize,
        Helper::LoadFromDictOrGlobals => names::load_from_dict_or_globals as *const () as usize,
        Helper::LoadBuildClass => names::load_build_class as *const () as usize,
        Helper::SetupAnnotations => names::setup_annotations as *const () as usize,

        // Closures and functions.
        Helper::NewCell => pyo3_ffi::PyCell_New as *const () as usize,
        Helper::RaiseUnboundCell => closures::raise_unbound_cell as *const () as usize,
        Helper::LoadFromDictOrCell => closures::load_from_dict_or_cell as *const () as usize,
        Helper::MakeFunction => functions::make_function as *const () as usize,

        // Imports.
        Helper::ImportName => imports::import_name as *const () as usize,
        Helper::ImportFrom => imports::import_from as *const () as usize,
    }
}

unsafe extern "C" {
    /// The one that the interpreter's `float.__pow__` calls, so that results have the same last bit.
    #[link_name = "pow"]
    fn libc_pow(x: f64, y: f64) -> f64;
    // Those of the module `math`, likewise.
    #[link_name = "sin"]
    fn libc_sin(x: f64) -> f64;
    #[link_name = "cos"]
    fn libc_cos(x: f64) -> f64;
    #[link_name = "tan"]
    fn libc_tan(x: f64) -> f64;
    #[link_name = "atan"]
    fn libc_atan(x: f64) -> f64;
    #[link_name = "exp"]
    fn libc_exp(x: f64) -> f64;
}
